import type { Phrases } from '../grammar.ts';

export const business: Phrases = {
  trade: `airline|bank|retailer|brewer|insurer|oil producer|carmaker|drug maker|steelmaker|hotel chain|grocer|railway|
    mining company|telephone company|toy maker|chip maker|football club|television network`,
  money:
    '{number} million dollars|{number} million euros|{small} billion dollars|{number} cents a share|{number} million pounds',
  figure: `quarterly profit|sales|consumer prices|unemployment|oil prices|shares|retail sales|the trade deficit|factory orders|
    earnings|interest rates|house prices|exports|the dollar`,
  moves:
    'rose {percent} percent|fell {percent} percent|jumped {percent} percent|slipped {percent} percent|beat forecasts|missed forecasts|hit a record|were unchanged',
  cause: `higher fuel costs|weak demand|a strong euro|rising interest rates|strong holiday sales|a price war|cheap imports|
    a strike by pilots|new taxes|the cost of steel|fears of inflation|a takeover bid|stormy weather`,
  firm: '{company}|the {trade} {company}|{company}, a {trade},|the {trade}',
  step: `cut {number}00 jobs|buy {company} for {money}|sell its stake in {company}|raise prices|close {small} plants|
    file for bankruptcy|issue new shares|replace its chief executive|restate its earnings|pay a fine of {money}`,

  headline: [
    '{company} to {step}',
    '{company} Profit Falls on {cause}',
    'Stocks Slip as {figure} {moves}',
    '{figure} {moves} in {country}',
    'Oil Tops {number} Dollars on Fears Over {country}',
    '{company} Bids {money} for {company}',
    '{trade} {company} Warns of Loss',
    'Central Bank of {country} Holds Rates',
    '{company} Chief Quits Amid Inquiry',
    'Regulators Fine {company} {money}',
    'Unions and {company} Reach Wage Deal',
    'Dollar Weakens Against Euro',
    '{country} Cuts Taxes to Win Investors',
    'Shares of {company} Jump on Takeover Talk',
    '{company} Races to Avoid Bankruptcy',
    'Job Growth Slows in {country}',
  ],
  sentence: [
    '{firm} {asked} {when} that it would {step}.',
    'Quarterly profit at {firm} {moves} because of {cause}.',
    '{figure} in {country} {moves} {when}, the government {asked}, and economists blamed {cause}.',
    'Shares of {firm} {moves} {when} after it agreed to {step}.',
    'Stocks ended lower {when} as investors worried about {cause}.',
    '{firm} offered {money} {when} for its rival {company}.',
    'The central bank left interest rates alone {when}, saying that {figure} {moves}.',
    'Crude oil for {month} delivery {moves} {when} on {cause}.',
    'The chief executive of {firm}, {person}, will step down after {figure} {moves}.',
    '{firm} will {step} to make up for {cause}, a source close to the talks said {when}.',
    'Analysts expect {figure} to rise by {percent} percent this year despite {cause}.',
    'Workers at {firm} voted {when} to accept a pay cut rather than let it {step}.',
    'A judge approved a settlement of {money} {when} between shareholders and {firm}.',
    'The finance minister of {country} {asked} that {figure} {moves} because of {cause}.',
  ],
};
