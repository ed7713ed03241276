import type { Phrases } from '../grammar.ts';

export const science: Phrases = {
  thing: `a new browser|a handheld computer|a music player|a search engine|a video game console|a security patch|
    a mobile phone|an operating system|a database server|a 64-bit processor|a broadband service|a spam filter|
    a wireless chip|an online store|a flat screen|an internet telephone service`,
  threat: `a computer worm|a virus|spyware|a phishing scam|a software flaw|spam|piracy|a denial of service attack|
    a security hole|stolen passwords`,
  craft:
    'a probe|a space shuttle|a private rocket|a satellite|a telescope|a robot rover|a capsule|a space station crew',
  goal: 'Mars|Saturn|the Moon|a comet|Titan|an asteroid|Mercury|deep space|orbit',
  finding: `a gene linked to cancer|fossils of a small dinosaur|a planet like Earth|water ice|a new species of ape|
    a faster quantum chip|melting glaciers|a shrinking ozone hole|stem cells that repair hearts|a black hole|
    the oldest human skull|a method to clean water`,
  scientist: `scientists|astronomers|biologists|engineers|researchers|physicists|programmers|a team at the University of {city}|
    climate experts|students|a laboratory in {city}`,
  user: 'users|developers|internet providers|gamers|hackers|bloggers|music fans|schools|the open source community',

  headline: [
    '{company} Unveils {thing}',
    '{scientist} Find {finding}',
    '{craft} Heads for {goal}',
    '{company} Fixes Flaw After {threat}',
    '{threat} Spreads Among {user}',
    'NASA Delays Launch of {craft}',
    '{company} Sues Over {threat}',
    'Study Links Warming to {finding}',
    '{user} Get {thing}',
    '{company} to Offer {thing} in {country}',
    '{craft} Sends First Pictures From {goal}',
    'Open Source Rival Takes On {company}',
    '{company} and {company} Agree on Wireless Standard',
    '{scientist} in {city} Win Prize for {finding}',
    'Race to Build {thing} Heats Up',
    'Hackers Strike {company}',
  ],
  sentence: [
    '{company} introduced {thing} {when} that {user} had been waiting for.',
    '{scientist} have discovered {finding}, they report {when} in a journal.',
    '{craft} was launched toward {goal} {when}, and engineers lost contact with it for {small} minutes.',
    'Experts {asked} {when} that {threat} had infected {number}000 computers.',
    '{company} released a patch {when} against {threat} that could let attackers take over a PC.',
    '{craft} sent back images of {goal} {when} that puzzled {scientist}.',
    'The software of {company} lets {user} turn {thing} into {thing}.',
    '{user} complained {when} that {thing} from {company} did not work with their files.',
    'A study by {scientist} {when} says that {finding} could change within {small} decades.',
    '{company} wants to sell {thing} to {user} by {month}.',
    'A judge in {city} ruled {when} that {company} had infringed a patent on {thing}.',
    '{scientist} are testing {thing} that may one day find {finding}.',
    '{company} {asked} that its network would be open to {user} {when}.',
    'NASA {asked} {when} that {craft} would reach {goal} in {month}.',
  ],
};
