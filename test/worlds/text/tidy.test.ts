import assert from 'node:assert/strict';
import { agreement, tidied, toneOf, valenceOf } from '../../../worlds/text/index.ts';

describe('tidied texts', () => {
  it('are as people read them', () => {
    for (const [text, wanted] of [
      ['country #39;s first', "country's first"],
      ['on  quot;phone sex quot; services', 'on "phone sex" services'],
      [' quot;It hurt', '"It hurt'],
      ['the  #36;10 million', 'the $10 million'],
      ['AT amp;T', 'AT&T'],
      ['a &lt;b&gt;bold&lt;/b&gt; word', 'a bold word'],
      ['<p>One</p><br/>two', 'One two'],
      ['\\$46.75 a barrel', '$46.75 a barrel'],
      ['a team\\of  rocketeers\n', 'a team of rocketeers'],
      ['&amp;lt;', '&lt;'],
      ['sunny forecast; rain', 'sunny forecast; rain'],
      ['&#x27;t &#8217;s  #146;d', "'t ’s 'd"],
      ['&#0; &#xd800; &#99999999;', '&#0; &#xd800; &#99999999;'],
      ['3 < 4 and 5 > 4', '3 < 4 and 5 > 4'],
      ['  ', ''],
    ] as const)
      assert.equal(tidied(text), wanted);
  });
});

describe('tones', () => {
  it('are those of AFINN', () => {
    assert.deepEqual(['good', 'catastrophic', 'table', 'constructor'].map(valenceOf), [3, -4, 0, 0]);
    assert.deepEqual([-9, -2, -1, 0, 1, 2, 9].map(toneOf), [0, 0, 1, 1, 1, 2, 2]);
    assert.deepEqual(
      [0, 1, 2].map((one) => [0, 1, 2].map((other) => agreement(one, other))),
      [
        [1, 0.5, 0],
        [0.5, 1, 0.5],
        [0, 0.5, 1],
      ],
    );
  });
});
