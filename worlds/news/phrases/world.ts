import type { Phrases } from '../grammar.ts';

export const world: Phrases = {
  power: `rebels|troops|police|soldiers|militants|border guards|peacekeepers|gunmen|protesters|opposition leaders|
    separatists|the army|security forces|aid workers`,
  office: `president|prime minister|foreign minister|interior minister|ambassador|governor|mayor|opposition leader|
    general|envoy|king|bishop`,
  event: `an election|a summit|a referendum|a cease-fire|a coup attempt|a peace accord|a curfew|a border dispute|a hunger strike|
    an earthquake|a flood|a landslide|a general strike|a state funeral|a hostage crisis|a refugee crisis`,
  harm: `a car bomb|a roadside blast|shelling|a ferry accident|a train crash|a storm|an explosion|an ambush|clashes|
    heavy rain|a factory fire|a raid at dawn`,
  place: `a village in {region}|the border with {country}|the old town of {city}|a camp near {city}|a valley in {region}|
    a checkpoint outside {city}|the parliament in {city}|a mosque in {city}|a church in {city}|the port of {city}`,
  victims:
    '{number} people|{number} civilians|{small} soldiers|{small} children|{number} villagers|{small} aid workers',
  aim: `a new constitution|early elections|the release of prisoners|an end to the fighting|autonomy|the withdrawal of troops|
    sanctions against {country}|a lasting peace|talks with {country}|a war crimes trial`,

  headline: [
    '{power} Clash in {region}, {number} Dead',
    '{country} Votes After {event}',
    '{country} and {country} Resume Peace Talks',
    'Blast Kills {number} in {city}',
    '{office} of {country} Survives {harm}',
    '{country} Recalls Ambassador From {country}',
    'UN Council Urges {country} to Accept {aim}',
    'Thousands March in {city} for {aim}',
    '{power} Free Hostages Near {city}',
    'Aid Reaches {region} After {harm}',
    '{country} Swears In New {office}',
    'Court in {city} Opens Trial of Former {office}',
    '{country} Tests Missile, {country} Protests',
    'Refugees Stranded at {place}',
    '{office} Wins Confidence Vote in {country}',
    'Strike Paralyses {country} Before Election',
  ],
  sentence: [
    '{power} attacked {place} {when}, killing {victims}, {newspaper} said.',
    'The {office} of {country} {asked} {when} that the government would not give in to {power}.',
    '{victims} were killed {when} when {harm} hit {place}.',
    'Voters in {country} go to the polls {when} after {event} that left the country deeply divided.',
    'The {office}, {person}, called for {aim} at a summit in {city} {when}.',
    'Diplomats from {country} and {country} met in {city} {when} to prepare {aim}.',
    '{power} released {small} hostages {when}, ending a crisis that began with {harm}.',
    'The United Nations sent food and tents to {region}, where {harm} drove {victims} from their homes.',
    'A court sentenced a former {office} to {small} years in prison for his part in {event}.',
    '{power} and {power} agreed {when} to a cease-fire along {place}.',
    'Hundreds of demonstrators gathered at {place} {when} to demand {aim}.',
    'The parliament of {country} passed a law {when} on {aim}, despite {event}.',
    '{country} accused {country} {when} of sending {power} across the border.',
    'Rescue teams searched for {victims} at {place} {when} after {harm}.',
  ],
};
