import type { Phrases } from '../grammar.ts';

export const sports: Phrases = {
  mascot:
    'Falcons|Harbour|Rangers|Wolves|Comets|Mariners|Lions|Giants|Thunder|Hornets|United|Athletic|Rovers|Bears|Kings',
  team: '{city} {mascot}|the {mascot}|{city}|{country}|the {city} {mascot}',
  score: '1-0|2-1|3-2|4-0|21-14|27-24|98-91|104-97|6-4, 7-5|6-3, 6-2|3-0|5-4',
  game: `the final|the semifinal|the derby|the opener|a friendly|the cup match|the season opener|game seven|the quarterfinal|
    the replay|the third test|the playoff`,
  role: `striker|goalkeeper|quarterback|pitcher|coach|captain|midfielder|rookie|sprinter|point guard|defender|shortstop|
    manager|batsman|swimmer`,
  event: `the marathon|the Grand Prix|the 100 meters|the open championship|the world cup qualifier|the Olympic trials|
    the cycling tour|the golf classic|the tennis masters|the regatta|the relay|the high jump`,
  injury: 'a knee injury|a torn hamstring|a broken wrist|a shoulder strain|a suspension|a positive drug test|back pain',
  feat: `scored twice|hit a home run|saved a penalty|threw {small} touchdowns|broke the world record|won in straight sets|
    finished {small} seconds ahead|took {small} wickets|made {number} points|holed a long putt|won the gold medal|
    missed a penalty`,

  headline: [
    '{team} Beat {team} {score}',
    '{last} Leads {team} Past {team}',
    '{team} Sign {role} {last}',
    '{role} {last} Out With {injury}',
    '{last} Wins {event} in {city}',
    '{team} Stay Unbeaten at Home',
    'Late Goal Lifts {team} in {game}',
    '{team} Fire Coach After Loss to {team}',
    '{last} Breaks Record at {event}',
    '{team} Rally to Win {game}',
    '{country} Names Squad for {event}',
    'Rain Stops {event} in {city}',
    '{last} Advances, {last} Falls at {event}',
    '{team} Trade {role} to {team}',
    'Doping Ban for {role} {last}',
    '{team} Lose Again, {last} Defends Players',
  ],
  sentence: [
    '{person} {feat} {when} as {team} beat {team} {score} in {game}.',
    'The {role} {feat} {when} and {team} moved to the top of the league.',
    '{team} will be without {role} {person} for {small} weeks because of {injury}.',
    '{person} of {country} won {event} {when}, ahead of {person}.',
    '{team} came from behind to win {game} {score} in front of {number}00 fans.',
    '{team} agreed {when} to a {small}-year contract with {role} {person}.',
    'The coach of {team} {asked} {when} that his players had lost their heads in {game}.',
    '{person} reached the last eight of {event} with a {score} victory over {person}.',
    '{team} ended a run of {small} defeats {when} when {person} {feat}.',
    'An appeal by {role} {person} against {injury} was rejected {when}.',
    'With {small} games left in the season, {team} need a win against {team}.',
    '{person}, who {feat} in {game}, was named player of the month.',
    'The champion, {person}, pulled out of {event} {when} with {injury}.',
    'The stadium in {city} was half empty {when} when {team} drew with {team}.',
  ],
};
