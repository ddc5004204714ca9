/* Correlation with the product of a column and a row of taps.

   out[y, x] = Σᵢ Σⱼ column[i] row[j] in[sy·y + dy·i, sx·x + dx·j] / divisor

   Rows of the input are converted to REAL once, and kept in a ring as high as the column. The rows of sums down the
   ring are then summed along x; a stride down saves both. Columns are processed in blocks whose ring fits the
   second-level cache. */

#include "terms.h"

/* Sort a row's columns, of *step* samples, by their remainder: where the stride is 3, 0 3 6 … 1 4 7 … 2 5 8 … . Each
   part is *pitch* samples long; only the first *parts* are needed. */
static void R(sort_columns)(REAL *restrict to, ptrdiff_t pitch, const REAL *restrict from, ptrdiff_t columns,
                            ptrdiff_t stride, ptrdiff_t step, ptrdiff_t parts)
{
    for (ptrdiff_t part = 0; part < parts; part++)
        for (ptrdiff_t channel = 0; channel < step; channel++) {
            REAL *sample = to + part * pitch + channel;
            for (ptrdiff_t x = part; x < columns; x += stride, sample += step)
                *sample = from[x * step + channel];
        }
}

static int R(separable)(const SeparableCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, down = call->stride_down, across = call->stride_across;
    const ptrdiff_t reach = (call->height - 1) * call->down + 1, width = (call->width - 1) * call->across + 1;
    if (!out->rows || !out->samples)
        return 0;
    assert(in->rows >= (out->rows - 1) * down + reach);
    assert(in->samples >= ((out->samples / step - 1) * across + width) * step);
    const ptrdiff_t columns = out->samples / step, rows = reach + (GROUP - 1) * down;
    const ptrdiff_t seen = RING_BYTES / (ptrdiff_t)sizeof(REAL) / (rows + GROUP) / step;
    const ptrdiff_t block = block_of(columns, MAX(seen - width, MAX(512 / step, width)) / across);
    const ptrdiff_t needed = (block - 1) * across + width, parts = across > 1 ? MIN(across, width) : 0;
    const ptrdiff_t pitch = PITCH(needed * step), sorted_pitch = PITCH((block + width / across + 1) * step);
    R(Terms) *column = R(terms_of)(call->column, call->height, 1), *row = R(terms_of)(call->row, call->width, 1);
    void *memory = calloc((size_t)((rows + GROUP + 1) * pitch + parts * sorted_pitch + LANES), sizeof(REAL));
    const REAL **lines = malloc((size_t)rows * sizeof *lines);
    const int status = memory && lines && column && row ? 0 : -1;
    /* Vectors that do not cross cache lines load in half the time: 10 % of a Gaussian of sigma 2. */
    REAL *ring = (REAL *)R(aligned)(memory), *middle = ring + rows * pitch, *sums = middle + GROUP * pitch,
         *sorted = sums + pitch;
    for (ptrdiff_t j = 0; !status && j < row->count; j++) { /* from a tap to its sample in the sorted row */
        const ptrdiff_t near = row->first[j] * call->across, far = row->second[j] * call->across;
        row->first[j] = near % across * sorted_pitch + near / across * step;
        row->second[j] = far % across * sorted_pitch + far / across * step;
    }
    for (ptrdiff_t plane = 0; plane < (status ? 0 : in->planes); plane++)
        for (ptrdiff_t x = 0; x < columns; x += block) {
            const ptrdiff_t count = MIN(block, columns - x), given = (count - 1) * across + width;
            ptrdiff_t next = 0;
            for (ptrdiff_t y = 0; y < out->rows; y += GROUP) {
                const ptrdiff_t results = MIN(GROUP, out->rows - y), first = y * down;
                const ptrdiff_t last = first + (results - 1) * down + reach;
                for (next = MAX(next, first); next < last; next++)
                    R(read_row)(ring + next % rows * pitch, row_of(in, plane, next), in->type, x * across * step,
                                given * step);
                fetch_rows(in, plane, last, GROUP * down, x * across * step, given * step);
                for (ptrdiff_t i = first; i < last; i++)
                    lines[i - first] = ring + i % rows * pitch;
                R(add_up_rows)(middle, pitch, results, down, column, call->down, lines, given * step);
                for (ptrdiff_t i = 0; i < results; i++) {
                    const REAL *from = middle + i * pitch;
                    if (parts) {
                        R(sort_columns)(sorted, sorted_pitch, from, given, across, step, parts);
                        from = sorted;
                    }
                    for (ptrdiff_t j = 0; j < row->count; j++) {
                        row->near[j] = from + row->first[j];
                        row->far[j] = from + row->second[j];
                    }
                    R(add_up)(sums, row, count * step);
                    R(write_row)(row_of(out, plane, y + i), out->type, x * step, sums, count * step,
                                 (REAL)call->divisor);
                }
            }
        }
    free(lines);
    free(memory);
    free(row);
    free(column);
    return status;
}

/* Interpolation: each result is a sum of coarse samples with the weights of its position between them.

   out[y, x] = Σᵢ Σⱼ column[y mod dy][i] row[x mod dx][j] in[⌊y / dy⌋ + i, ⌊x / dx⌋ + j] / divisor

   Coarse rows are interpolated along x once, and kept in a ring; all rows of results between two of them are summed
   from the same ones. */
static int R(interpolate)(const InterpolateCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, down = call->down, across = call->across, rows = call->height;
    if (!out->rows || !out->samples)
        return 0;
    assert(in->rows >= (out->rows - 1) / down + call->height);
    assert(in->samples >= ((out->samples / step - 1) / across + call->width) * step);
    const ptrdiff_t columns = out->samples / step, cells = (columns + across - 1) / across;
    const ptrdiff_t wide = RING_BYTES / (ptrdiff_t)sizeof(REAL) / (rows + GROUP) / step;
    const ptrdiff_t block = block_of(cells, MAX(wide / across, 2));
    const ptrdiff_t pitch = PITCH(block * across * step), coarse = PITCH((block + call->width) * step);
    R(Terms) *column = R(terms_of)(call->column, rows, down), *row = R(terms_of)(call->row, call->width, across);
    void *memory = calloc((size_t)((rows + GROUP) * pitch + 2 * coarse + LANES), sizeof(REAL));
    const REAL **lines = malloc((size_t)rows * sizeof *lines);
    const int status = memory && lines && column && row ? 0 : -1;
    REAL *ring = (REAL *)R(aligned)(memory), *sums = ring + rows * pitch, *given = sums + GROUP * pitch,
         *part = given + coarse;
    for (ptrdiff_t plane = 0; plane < (status ? 0 : in->planes); plane++)
        for (ptrdiff_t cell = 0; cell < cells; cell += block) {
            const ptrdiff_t count = MIN(block, cells - cell), x = cell * across;
            const ptrdiff_t samples = MIN(count * across, columns - x) * step;
            ptrdiff_t next = 0;
            for (ptrdiff_t y = 0; y < out->rows; y += down) {
                for (; next < y / down + rows; next++) {
                    R(read_row)(given, row_of(in, plane, next), in->type, cell * step,
                                (count + call->width - 1) * step);
                    for (ptrdiff_t place = 0; place < across; place++) {
                        for (ptrdiff_t j = 0; j < row[place].count; j++) {
                            row[place].near[j] = given + row[place].first[j] * step;
                            row[place].far[j] = given + row[place].second[j] * step;
                        }
                        R(add_up)(part, row + place, count * step);
                        REAL *to = ring + next % rows * pitch + place * step;
                        for (ptrdiff_t i = 0; i < count; i++)
                            for (ptrdiff_t channel = 0; channel < step; channel++)
                                to[i * across * step + channel] = part[i * step + channel];
                    }
                }
                fetch_rows(out, plane, y + down, down, x * step, samples);
                for (ptrdiff_t i = 0; i < rows; i++)
                    lines[i] = ring + (y / down + i) % rows * pitch;
                const ptrdiff_t last = MIN(down, out->rows - y);
                for (ptrdiff_t place = 0; place < last; place += GROUP) {
                    const ptrdiff_t results = MIN(GROUP, last - place);
                    for (ptrdiff_t at = 0; at < samples; at += TILE * LANES)
                        for (ptrdiff_t i = 0; i < results; i++)
                            R(add_up_tile)(sums + i * pitch, column + place + i, lines, 1, at, samples);
                    for (ptrdiff_t i = 0; i < results; i++)
                        R(write_row)(row_of(out, plane, y + place + i), out->type, x * step, sums + i * pitch, samples,
                                     (REAL)call->divisor);
                }
            }
        }
    free(lines);
    free(memory);
    free(row);
    free(column);
    return status;
}
