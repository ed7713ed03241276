import type { Phrases } from '../grammar.ts';

/** Names, numbers and turns of phrase that all topics share, and sentences that could stand under any of them. */
export const shared: Phrases = {
  first: `Anna|Boris|Carla|Dmitri|Elena|Farid|Greta|Hugo|Ines|Jonas|Keiko|Leila|Marco|Nadia|Oskar|Priya|Quentin|Rosa|Samir|
    Tessa|Ulrich|Vera|Walter|Ximena|Yusuf|Zoe|Mateo|Ruth|Stefan|Lucia`,
  last: `Adeyemi|Bergstrom|Castellan|Dorrow|Eklund|Farrant|Gallo|Hashim|Ivanek|Jurado|Kessler|Lindqvist|Marchetti|Novak|
    Okonjo|Pereda|Quist|Rahmani|Sandoval|Tanaka|Ustinov|Velloso|Wexler|Yamada|Zielinski|Arvidson|Bellamy|Corrigan|
    Delacroix|Eastman|Fonseca|Grimaldi|Holloway|Isakov|Jimenez|Karlsen|Moreau|Nkemelu|Petrov|Roscoe`,
  person: ['{first} {last}'],
  city: `Lisbon|Oslo|Nairobi|Lima|Toronto|Seoul|Prague|Athens|Dublin|Bogota|Cairo|Jakarta|Manila|Vienna|Zurich|Denver|
    Boston|Seattle|Chicago|Houston|Madrid|Munich|Glasgow|Osaka|Sydney|Montreal|Warsaw|Lyon|Porto|Antwerp|Leeds|Mumbai`,
  country: `Norway|Peru|Kenya|Canada|Greece|Japan|Brazil|Egypt|India|Poland|Chile|Turkey|Spain|Nigeria|Austria|Mexico|
    France|Sudan|Pakistan|Colombia|Germany|Indonesia|Australia|Russia|Ukraine|Portugal|Ireland|Hungary|Morocco|Vietnam`,
  region: `northern {country}|southern {country}|eastern {country}|the west of {country}|{country}|the capital of {country}`,
  day: 'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday',
  month: 'January|February|March|April|May|June|July|August|September|October|November|December',
  small: 'two|three|four|five|six|seven|eight|nine|ten|a dozen|several',
  number: '12|17|23|31|38|44|56|62|75|88|94|110|130|165|210|340|500|900',
  percent: '2|3|4.5|6|7.2|9|11|14|18|22|27|35',
  year: '1998|2001|2003|2006|2009|2012|2015|2018',
  stem: `Norvale|Brightwater|Calder|Meridian|Hartwell|Ostra|Pellucid|Quarry|Solvane|Tamarind|Verity|Westmoor|Zephyr|
    Arclight|Bluestone|Copperfield|Dunmore|Evergrove|Fairhaven|Greyline`,
  company: '{stem} Systems|{stem} Group|{stem} Industries|{stem}|{stem} Holdings|{stem} Networks|{stem} and {last}',
  newspaper: 'a newspaper|a radio station|the daily {city} Courier|local media|the broadcaster in {city}',
  leader: 'the head of the {body}|{person}, who leads the {body}|the chairman of the {body}|a spokesman for the {body}',
  body: 'commission|association|committee|council|federation|board|agency',
  asked: 'said|told reporters|announced|confirmed|admitted|insisted|warned|promised|denied',
  when: 'on {day}|late on {day}|early on {day}|this week|last week|in {month}|after {small} days|for the first time since {year}',

  'neutral headline': [
    '{person} Under Pressure After {small} Days of Talks',
    '{city} Braces for a Long Wait',
    'A Record Day in {city}',
    '{country} Wins Again as {city} Looks On',
    '{last} to Leave After {number} Days',
    'No Deal Yet in {city}, {last} Says',
    'Race Against Time in {city}',
    '{last} Strikes Back',
    'Questions Remain for {person}',
    'Officials Meet in {city} as Deadline Nears',
    'Big Gains, Small Losses for {country}',
    '{last} Defends Decision',
    'New Rules Split {city}',
    'Hopes Rise, Then Fall, in {country}',
    'A Blow for {country}',
    'In {city}, an Early Launch and a Late Start',
  ],
  'neutral sentence': [
    '{person} {asked} {when} that no decision had been made.',
    '{leader} {asked} that talks would go on {when}.',
    'It was the {small} time in {number} weeks that {city} had to wait.',
    'Nobody in {city} expected it to end like this, {newspaper} said {when}.',
    'The decision divided {country}, and {person} {asked} that there was no way back.',
    '{person} refused to comment {when}.',
    'Experts had seen it coming {when}, but few in {country} listened.',
    'What happens next is up to {leader}.',
    '{newspaper} first told the story {when}.',
    'More than {number} people were there, and most left {when}.',
    'The {body} will meet again in {city} {when}.',
    'A win for one side is a loss for the other, {person} {asked}.',
  ],
};
