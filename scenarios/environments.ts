/** TEMPORARY until the registry of worlds stands: then this file goes. */
export const environmentNames: readonly string[] = [
  'cartpole',
  'pendulum',
  'simple_spread',
  'simple_tag',
  'simple_reference',
  'simple_speaker_listener',
  'dodge',
  'counting',
];
