import type { Scenario, TasksScenario } from './schema.ts';

// Apart from the schema, which pulls in the learners: everything that reads scenarios needs these.

/** Which of the two a scenario is; `loadScenario` lets no others through. */
export function playsTasks(scenario: Scenario): scenario is TasksScenario {
  return scenario.tasks !== null;
}

/** The same scenario for work that needs no company: nobody else is asked, and no server. */
export function onItsOwn<S extends Scenario>(scenario: S): S {
  return { ...scenario, mas: { bus: 'memory:', roles: {} } };
}
