/* Resampling by weights: out[y, x] = Σᵢ Σⱼ down[y, i] along[x, j] in[first_y + i, first_x + j].

   As many rows as a vector has lanes are resampled along x together: their columns are vectors, so that they share each
   weight, whatever the number and distance of the taps. Columns are processed in blocks whose samples fit the
   second-level cache. */

/* The samples of each result along an axis, and their weights. */
typedef struct {
    const int32_t *first, *end;
    REAL *weights;
    ptrdiff_t count, most; /* the number of results, and the most samples of one */
} R(AxisWeights);

static R(AxisWeights) R(axis_of)(const ResampleAxis *given)
{
    const ptrdiff_t count = given->seen.samples, most = given->taps.samples;
    R(AxisWeights) axis = {row_of(&given->seen, 0, 0), row_of(&given->seen, 0, 1),
                    malloc((size_t)(count * most + 1) * sizeof(REAL)), count, most};
    for (ptrdiff_t k = 0; axis.weights && k < count; k++) {
        const double *taps = row_of(&given->taps, 0, k);
        for (ptrdiff_t j = 0; j < most; j++)
            axis.weights[k * most + j] = (REAL)taps[j];
    }
    return axis;
}

/* Write the transpose of LANES rows, *pitch* apart: *count* vectors. */
static void R(rows_to_columns)(REAL *restrict to, const REAL *restrict from, ptrdiff_t pitch, ptrdiff_t count)
{
    ptrdiff_t x = 0;
#if LANES >= 4
    for (; x + 4 <= count; x += 4)
        for (ptrdiff_t y = 0; y < LANES; y += 4)
            R(transpose_four)(to + x * LANES + y, LANES, from + y * pitch + x, pitch);
#endif
    for (; x < count; x++)
        for (ptrdiff_t y = 0; y < LANES; y++)
            to[x * LANES + y] = from[y * pitch + x];
}

/* Write the transpose of *count* vectors: LANES rows, *pitch* apart. One function for both ways, which goes through the
 * vectors of one of them crosswise, takes a tenth longer for a resize to 1.5 of the size. */
static void R(columns_to_rows)(REAL *restrict to, ptrdiff_t pitch, const REAL *restrict from, ptrdiff_t count)
{
    ptrdiff_t x = 0;
#if LANES >= 4
    for (; x + 4 <= count; x += 4)
        for (ptrdiff_t y = 0; y < LANES; y += 4)
            R(transpose_four)(to + y * pitch + x, pitch, from + x * LANES + y, LANES);
#endif
    for (; x < count; x++)
        for (ptrdiff_t y = 0; y < LANES; y++)
            to[y * pitch + x] = from[x * LANES + y];
}

/* Sum columns of LANES samples for the results from *x* to *end*, whose first sample is *origin*, and add what is *raised*. */
static void R(sum_columns)(REAL *restrict to, const REAL *restrict columns, const R(AxisWeights) *axis, ptrdiff_t x,
                           ptrdiff_t end, ptrdiff_t origin, ptrdiff_t step, REAL raised)
{
    for (; x < end; x++, to += step * LANES) {
        const REAL *weights = axis->weights + x * axis->most;
        const REAL *from = columns + (axis->first[x] - origin) * step * LANES;
        const ptrdiff_t count = axis->end[x] - axis->first[x];
        ptrdiff_t channel = 0;
#define CHANNELS(together)                                                                     \
    for (; channel + (together) <= step; channel += (together)) {                              \
        VECTOR sums[together];                                                                 \
        for (int c = 0; c < (together); c++)                                                   \
            sums[c] = (VECTOR){0};                                                             \
        for (ptrdiff_t j = 0; j < count; j++)                                                  \
            for (int c = 0; c < (together); c++)                                               \
                sums[c] += weights[j] * R(load)(from + (j * step + channel + c) * LANES);      \
        for (int c = 0; c < (together); c++)                                                   \
            R(store)(to + (channel + c) * LANES, sums[c] + raised);                            \
    }
        CHANNELS(4)
        CHANNELS(3)
        CHANNELS(1)
#undef CHANNELS
    }
}

/* Add a weighted row to sums. */
static void R(add_row_weighted)(REAL *restrict to, const REAL *restrict row, REAL weight, ptrdiff_t count)
{
    for (ptrdiff_t x = 0; x < count; x++)
        to[x] += weight * row[x];
}

/* The working memory of a block of columns. */
typedef struct {
    REAL *line, *rows, *columns, *sums, *results; /* a row; LANES rows and their transpose, of samples and of results */
    ptrdiff_t pitch, result_pitch;
} R(Bands);

/* Resample LANES rows along x. */
static void R(along_rows)(const R(Bands) *block, const R(AxisWeights) *across, ptrdiff_t x, ptrdiff_t end, ptrdiff_t step,
                          REAL raised, REAL *to, ptrdiff_t pitch)
{
    const ptrdiff_t origin = across->first[x], seen = across->end[end - 1] - origin;
    R(rows_to_columns)(block->columns, block->rows, block->pitch, seen * step);
    R(sum_columns)(block->sums, block->columns, across, x, end, origin, step, raised);
    R(columns_to_rows)(to, pitch, block->sums, (end - x) * step);
}

/* Fewer results than samples: sum down first. Each row of the input is added to the results that depend on it. */
static void R(down_first)(const ResampleCall *call, const R(AxisWeights) *down, const R(AxisWeights) *across, const R(Bands) *block,
                          ptrdiff_t plane, ptrdiff_t x, ptrdiff_t end)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, first = across->first[x] * step, count = across->end[end - 1] * step - first;
    for (ptrdiff_t y = 0; y < out->rows; y += LANES) {
        const ptrdiff_t results = MIN(LANES, out->rows - y);
        for (ptrdiff_t i = 0; i < results; i++)
            memset(block->rows + i * block->pitch, 0, (size_t)count * sizeof(REAL));
        ptrdiff_t from = 0, to = 0;
        for (ptrdiff_t row = down->first[y]; row < down->end[y + results - 1]; row++) {
            while (to < results && down->first[y + to] <= row)
                to++;
            while (from < to && down->end[y + from] <= row)
                from++;
            if (from == to)
                continue;
            fetch_rows(in, plane, row + 2, 1, first, count);
            R(read_row)(block->line, row_of(in, plane, row), in->type, first, count);
            for (ptrdiff_t i = from; i < to; i++)
                R(add_row_weighted)(block->rows + i * block->pitch, block->line,
                                    down->weights[(y + i) * down->most + row - down->first[y + i]], count);
        }
        R(along_rows)(block, across, x, end, step, (REAL)call->raised, block->results, block->result_pitch);
        for (ptrdiff_t i = 0; i < results; i++)
            R(write_row)(row_of(out, plane, y + i), out->type, x * step, block->results + i * block->result_pitch,
                         (end - x) * step, 1);
    }
}

/* More results than samples: sum along x first. These rows are kept in a ring of *room*. */
static void R(across_first)(const ResampleCall *call, const R(AxisWeights) *down, const R(AxisWeights) *across, const R(Bands) *block,
                            ptrdiff_t plane, ptrdiff_t x, ptrdiff_t end, REAL *ring, ptrdiff_t room)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, first = across->first[x] * step, count = across->end[end - 1] * step - first;
    const ptrdiff_t pitch = block->result_pitch, samples = (end - x) * step;
    const ptrdiff_t base = down->first[0];
    ptrdiff_t next = base;
    for (ptrdiff_t y = 0; y < out->rows; y++) {
        while (next < down->end[y]) {
            const ptrdiff_t rows = MIN(LANES, in->rows - next);
            for (ptrdiff_t i = 0; i < rows; i++)
                R(read_row)(block->rows + i * block->pitch, row_of(in, plane, next + i), in->type, first, count);
            R(along_rows)(block, across, x, end, step, 0, ring + (next - base) % room * pitch, pitch);
            next += LANES;
        }
        memset(block->line, 0, (size_t)samples * sizeof(REAL));
        for (ptrdiff_t row = down->first[y]; row < down->end[y]; row++)
            R(add_row_weighted)(block->line, ring + (row - base) % room * pitch,
                                down->weights[y * down->most + row - down->first[y]], samples);
        for (ptrdiff_t i = 0; call->raised != 0 && i < samples; i++)
            block->line[i] += (REAL)call->raised;
        R(write_row)(row_of(out, plane, y), out->type, x * step, block->line, samples, 1);
    }
}

static int R(resample)(const ResampleCall *call)
{
    const Array *out = &call->out;
    const ptrdiff_t step = call->step, columns = out->samples / step;
    const R(AxisWeights) down = R(axis_of)(&call->down), across = R(axis_of)(&call->across);
    /* Samples and results, with their transposes. */
    const ptrdiff_t fit = MAX(RING_BYTES / (ptrdiff_t)sizeof(REAL) / LANES / 2 / step, 4 * across.most);
    ptrdiff_t widest = 0, most = 0;
#define END_OF_BLOCK(x, end)                                                                                   \
    do {                                                                                                       \
        end = x + 1;                                                                                           \
        while (end < columns && across.end[end] - across.first[x] + end + 1 - x <= fit)                        \
            end++;                                                                                             \
    } while (0)
    for (ptrdiff_t x = 0, end; x < columns; x = end) {
        END_OF_BLOCK(x, end);
        widest = MAX(widest, across.end[end - 1] - across.first[x]);
        most = MAX(most, end - x);
    }
    const ptrdiff_t pitch = PITCH(widest * step), result_pitch = PITCH(most * step);
    const ptrdiff_t room = call->across_first ? (down.most + 2 * LANES) / LANES * LANES : LANES;
    void *memory = calloc((size_t)(MAX(pitch, result_pitch) + 2 * LANES * pitch + (LANES + room) * result_pitch + LANES),
                          sizeof(REAL));
    const int status = memory && down.weights && across.weights ? 0 : -1;
    REAL *line = (REAL *)R(aligned)(memory), *rows = line + MAX(pitch, result_pitch);
    REAL *turned = rows + LANES * pitch, *sums = turned + LANES * pitch, *results = sums + LANES * result_pitch;
    const R(Bands) block = {line, rows, turned, sums, results, pitch, result_pitch};
    for (ptrdiff_t plane = 0; plane < (status ? 0 : out->planes); plane++)
        for (ptrdiff_t x = 0, end; x < columns; x = end) {
            END_OF_BLOCK(x, end);
            if (call->across_first)
                R(across_first)(call, &down, &across, &block, plane, x, end, results, room);
            else
                R(down_first)(call, &down, &across, &block, plane, x, end);
        }
#undef END_OF_BLOCK
    free(memory);
    free(across.weights);
    free(down.weights);
    return status;
}

/* Raise results just below a half to it, so that later rounding gives the same as with *raised*. */
static int R(settle)(const SettleCall *call)
{
    const REAL raised = (REAL)call->raised, half = (REAL)0.5;
    for (ptrdiff_t plane = 0; plane < call->out.planes; plane++)
        for (ptrdiff_t y = 0; y < call->out.rows; y++) {
            REAL *values = row_of(&call->out, plane, y);
            for (ptrdiff_t i = 0; i < call->out.samples; i++) {
                const REAL later = (REAL)floor(values[i] + raised + half), whole = (REAL)floor(values[i] + half);
                values[i] = later > whole ? whole + half : values[i];
            }
        }
    return 0;
}
