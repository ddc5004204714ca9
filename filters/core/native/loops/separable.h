/* Correlation with a column times a row of taps: each row of the input is correlated once, and kept in a ring of as many
   rows as the column has taps, of which each row of the result is a sum.

   out[y, x] = Σᵢ Σⱼ column[i] row[j] in[y + i·down, x + j·across] / divisor */

/* Write count sums of *taps* products, *gap* samples apart; each sum is added up in the order of the taps. */
static void R(weighted)(REAL *restrict to, const REAL *const *rows, const REAL *taps, ptrdiff_t count_taps,
                        ptrdiff_t count)
{
    ptrdiff_t x = 0;
    for (; x + 4 * LANES <= count; x += 4 * LANES) {
        VECTOR a = {0}, b = {0}, c = {0}, d = {0};
        for (ptrdiff_t i = 0; i < count_taps; i++) {
            const REAL *from = rows[i] + x;
            a += taps[i] * R(load)(from);
            b += taps[i] * R(load)(from + LANES);
            c += taps[i] * R(load)(from + 2 * LANES);
            d += taps[i] * R(load)(from + 3 * LANES);
        }
        R(store)(to + x, a);
        R(store)(to + x + LANES, b);
        R(store)(to + x + 2 * LANES, c);
        R(store)(to + x + 3 * LANES, d);
    }
    /* The rest a vector at a time: rows have room for one more. */
    for (; x < count; x += LANES) {
        VECTOR a = {0};
        for (ptrdiff_t i = 0; i < count_taps; i++)
            a += taps[i] * R(load)(rows[i] + x);
        R(store)(to + x, a);
    }
}

static int R(separable)(const SeparableCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t height = call->height, width = call->width, reach = (height - 1) * call->down + 1;
    assert(in->rows == out->rows + reach - 1 && in->samples == out->samples + (width - 1) * call->across);
    const ptrdiff_t pitch = out->samples + SPARE;
    const ptrdiff_t sizes = in->samples + SPARE + (reach + 1) * pitch + height + width;
    REAL *memory = malloc((size_t)sizes * sizeof(REAL) + (size_t)(height + width) * sizeof(REAL *));
    if (!memory)
        return -1;
    memset(memory, 0, (size_t)sizes * sizeof(REAL));
    const REAL **rows = (const REAL **)(memory + sizes);
    REAL *given = memory, *sums = given + in->samples + SPARE, *ring = sums + pitch, *column = ring + reach * pitch,
         *row = column + height;
    for (ptrdiff_t i = 0; i < height; i++)
        column[i] = (REAL)call->column[i];
    for (ptrdiff_t j = 0; j < width; j++)
        row[j] = (REAL)call->row[j];
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
        for (ptrdiff_t y = 0; y < in->rows; y++) {
            R(read_row)(given, row_of(in, plane, y), in->type, 0, in->samples);
            for (ptrdiff_t j = 0; j < width; j++)
                rows[j] = given + j * call->across;
            R(weighted)(ring + y % reach * pitch, rows, row, width, out->samples);
            const ptrdiff_t first = y - reach + 1;
            if (first < 0)
                continue;
            for (ptrdiff_t i = 0; i < height; i++)
                rows[i] = ring + (first + i * call->down) % reach * pitch;
            R(weighted)(sums, rows, column, height, out->samples);
            R(write_row)(row_of(out, plane, first), out->type, 0, sums, out->samples, (REAL)call->divisor);
        }
    free(memory);
    return 0;
}
