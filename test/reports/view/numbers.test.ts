import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escaped, html, Markup } from '../../../reports/view/markup.ts';
import { axisNumber, estimateParts, shortNumber, wholeNumber } from '../../../reports/view/numbers.ts';
import { shortened, textWidth } from '../../../reports/view/text-width.ts';

describe('numbers in reports', () => {
  it('are short at axes', () => {
    const given = [0, -0, 0.1 + 0.2, 0.001, 2e-7, -250, 1000, 100_000, 999_999.9999, 1_500_000, -2e9, Number.NaN];
    const wanted = ['0', '0', '0.3', '0.001', '2e-7', '-250', '1k', '100k', '1M', '1.5M', '-2G', ''];
    assert.deepEqual(given.map(axisNumber), wanted);
  });

  it('have the decimals that their interval allows', () => {
    assert.deepEqual(estimateParts({ value: -24.526, low: -25.13, high: -23.9 }), {
      value: '-24.5',
      interval: '[-25.1, -23.9]',
    });
    assert.deepEqual(estimateParts({ value: 0.61234, low: 0.55, high: 0.6666 }), {
      value: '0.61',
      interval: '[0.55, 0.67]',
    });
    assert.deepEqual(estimateParts({ value: 5, low: 5, high: 5 }), { value: '5', interval: '[5, 5]' });
    assert.equal(estimateParts({ value: Number.NaN, low: Number.NaN, high: Number.NaN }).value, '–');
  });

  it('are a dash where there is none', () => {
    assert.deepEqual([null, Number.NaN, 0.12345, 123.456, 98765.4].map(shortNumber), [
      '–',
      '–',
      '0.123',
      '123.5',
      '98765',
    ]);
    assert.equal(wholeNumber(1_234_567), '1\u202f234\u202f567');
  });
});

describe('text in pictures', () => {
  it('is as wide as the font says', () => {
    // Advance widths of DejaVu Sans 2.37, 2048 units to the em: H 1540, i 569, space 651, e with acute 1260.
    assert.ok(Math.abs(textWidth('Hi \u00e9', 20.48) - (1540 + 569 + 651 + 1260) / 100) < 1e-9);
    assert.ok(textWidth('H', 10, true) > textWidth('H', 10));
    assert.equal(textWidth('\u6f22', 12), 12, 'a whole em without a glyph');
  });

  it('fits after shortening, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), fc.integer({ min: 30, max: 300 }), (text, width) => {
        const short = shortened(text, width, 12);
        assert.ok(textWidth(short, 12) <= width);
        assert.equal(short === text, textWidth(text, 12) <= width);
      }),
      { numRuns: 200 },
    );
    assert.equal(shortened('mappo, learning rate 0.0003', 120, 12).slice(-4), '0003');
  });
});

describe('markup', () => {
  it('escapes every string and no markup', () => {
    const evil = `<script>alert("1")</script>&'`;
    assert.equal(
      html`<p title="${evil}">${evil}${[new Markup('<b>'), 3]}</p>`.text,
      `<p title="${escaped(evil)}">${escaped(evil)}<b>3</p>`,
    );
    assert.doesNotMatch(escaped(evil), /[<>"']/);
  });
});
