/* The guided filter for *together* channels in one pass over the rows. Each window, with mean m and covariance S, has
   the line in + M (m - in) with M = ridge (S + ridge)⁻¹; each pixel gets the mean of its windows' lines. Alternating
   boxes sum over windows: of the samples and their products, and of M and M m.

   out = in + (Σ M m - Σ M in) / size */

#define ENTRIES(count) ((count) * ((count) + 1) / 2)
#define ENTRY(i, j) ((i) >= (j) ? ENTRIES(i) + (j) : ENTRIES(j) + (i))
#define MOST_BOXES (MOST_TOGETHER + ENTRIES(MOST_TOGETHER))

/* Compute M m and M from the sums of samples and of their products in windows, by Gauss-Jordan elimination, as the
   matrices are positive definite; *rounding* times the squared means is added to the variances, as sums may lose as
   much. */
static inline __attribute__((always_inline)) void R(fit)(REAL *const *to, const REAL *const *from, ptrdiff_t together,
                                                         REAL size, REAL ridge, REAL rounding, ptrdiff_t count)
{
    for (ptrdiff_t x = 0; x < count; x += LANES) {
        VECTOR matrix[MOST_TOGETHER][MOST_TOGETHER], mean[MOST_TOGETHER];
        for (ptrdiff_t i = 0; i < together; i++) {
            mean[i] = R(load)(from[i] + x) / size;
            for (ptrdiff_t j = 0; j <= i; j++) {
                const VECTOR product = mean[i] * mean[j], sum = R(load)(from[together + ENTRY(i, j)] + x) / size;
                matrix[i][j] = matrix[j][i] = i == j ? (sum + ridge) - product * (1 - rounding) : sum - product;
            }
        }
        for (ptrdiff_t pivot = 0; pivot < together; pivot++) {
            const VECTOR factor = 1 / matrix[pivot][pivot];
            matrix[pivot][pivot] = factor;
            for (ptrdiff_t j = 0; j < together; j++)
                if (j != pivot)
                    matrix[pivot][j] *= factor;
            for (ptrdiff_t i = 0; i < together; i++) {
                if (i == pivot)
                    continue;
                const VECTOR taken = matrix[i][pivot];
                for (ptrdiff_t j = 0; j < together; j++)
                    matrix[i][j] = j == pivot ? -taken * factor : matrix[i][j] - taken * matrix[pivot][j];
            }
        }
        for (ptrdiff_t i = 0; i < together; i++) {
            VECTOR offset = {0};
            for (ptrdiff_t j = 0; j < together; j++)
                offset += ridge * matrix[i][j] * mean[j];
            R(store)(to[i] + x, offset);
            for (ptrdiff_t j = 0; j <= i; j++)
                R(store)(to[together + ENTRY(i, j)] + x, ridge * matrix[i][j]);
        }
    }
}

/* Read a row of each channel, and multiply them. */
static void R(read_products)(REAL *const *to, const GuidedCall *call, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first,
                             ptrdiff_t count)
{
    const ptrdiff_t together = call->together;
    for (ptrdiff_t i = 0; i < together; i++) {
        R(read_row)(to[i], row_of(&call->in, plane + i, y), call->in.type, first, count);
        for (ptrdiff_t j = 0; j <= i; j++) {
            REAL *restrict product = to[together + ENTRY(i, j)];
            for (ptrdiff_t x = 0; x < count; x++)
                product[x] = to[i][x] * to[j][x];
        }
    }
}

static int R(guided)(const GuidedCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t height = call->height, width = call->width, across = call->across, together = call->together;
    const ptrdiff_t reach = (width - 1) * across, boxes = together + ENTRIES(together);
    assert(in->rows == out->rows + 2 * (height - 1) && in->samples == out->samples + 2 * reach);
    assert(together <= MOST_TOGETHER && in->planes % together == 0);
    const REAL size = (REAL)height * (REAL)width, ridge = (REAL)call->ridge, rounding = (REAL)call->rounding;
    /* Whether the sums of a column are exact. */
    const double most = in->type == U8 ? 255 : 65535;
    const int whole = (in->type == U8 || in->type == U16) && most * most * (double)height < R(EXACT);
    const ptrdiff_t columns = MIN(out->samples, MAX(COLUMNS_TOGETHER / 2, 4 * reach));
    const ptrdiff_t pitch = columns + 2 * reach + SPARE;
    const ptrdiff_t room = (2 * boxes + 1) * pitch
                           + boxes * R(box_room)(height, width, across, columns + reach, whole)
                           + boxes * R(box_room)(height, width, across, columns, 0);
    REAL *memory = calloc((size_t)room, sizeof(REAL)), *answer = memory;
    if (!memory)
        return -1;
    REAL *given[MOST_BOXES], *gone[MOST_BOXES];
    const REAL *sums[MOST_BOXES];
    R(Box) products[MOST_BOXES], lines[MOST_BOXES];
    for (ptrdiff_t i = 0; i < boxes; i++) {
        given[i] = memory + (2 * i + 1) * pitch;
        gone[i] = given[i] + pitch;
    }
    for (ptrdiff_t plane = 0; plane < in->planes; plane += together)
        for (ptrdiff_t first = 0; first < out->samples; first += columns) {
            const ptrdiff_t results = MIN(columns, out->samples - first), count = results + 2 * reach;
            REAL *next = memory + (2 * boxes + 1) * pitch;
            for (ptrdiff_t i = 0; i < boxes; i++) {
                next = R(make_box)(&products[i], next, height, width, across, results + reach, whole);
                next = R(make_box)(&lines[i], next, height, width, across, results, 0);
            }
            for (ptrdiff_t y = 0; y < in->rows; y++) {
                R(read_products)(given, call, plane, y, first, count);
                if (whole && y >= height)
                    R(read_products)(gone, call, plane, y - height, first, count);
                for (ptrdiff_t i = 0; i < boxes; i++)
                    sums[i] = whole ? R(move_row)(&products[i], given[i], y < height ? NULL : gone[i])
                                    : R(add_row)(&products[i], given[i]);
                if (!sums[0])
                    continue;
                /* Compiled for one channel and for three, whose matrices then stay in registers. */
                if (together == 1)
                    R(fit)(gone, sums, 1, size, ridge, rounding, results + reach);
                else if (together == 3)
                    R(fit)(gone, sums, 3, size, ridge, rounding, results + reach);
                else
                    R(fit)(gone, sums, together, size, ridge, rounding, results + reach);
                for (ptrdiff_t i = 0; i < boxes; i++)
                    sums[i] = R(add_row)(&lines[i], gone[i]);
                if (!sums[0])
                    continue;
                const ptrdiff_t middle = y + 1 - height;
                for (ptrdiff_t i = 0; i < together; i++)
                    R(read_row)(given[i], row_of(in, plane + i, middle), in->type, first + reach, results);
                for (ptrdiff_t i = 0; i < together; i++) {
                    for (ptrdiff_t x = 0; x < results; x += LANES) {
                        VECTOR move = R(load)(sums[i] + x);
                        for (ptrdiff_t j = 0; j < together; j++)
                            move -= R(load)(sums[together + ENTRY(i, j)] + x) * R(load)(given[j] + x);
                        R(store)(answer + x, R(load)(given[i] + x) + move / size);
                    }
                    R(write_row)(row_of(out, plane + i, middle + 1 - height), out->type, first, answer, results, 1);
                }
            }
        }
    free(memory);
    return 0;
}

#undef ENTRIES
#undef ENTRY
#undef MOST_BOXES
/* Macros of block_sums.h, which both use: */
#undef CHUNK
#undef ROOM_ALONG
#undef COLUMNS_TOGETHER
