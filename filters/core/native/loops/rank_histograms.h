/* Any rank of 8-bit samples, in a time that does not depend on the window (S. Perreault and P. Hébert, 2007).

   A column as high as the window has two levels of histograms: of the upper four bits of its samples, and, for each
   value of those, of the lower four. Both are cumulative: lane k counts the samples below k. So a sample is counted by
   adding a vector from a table. The counts of a window are the sum of its columns; for each pixel one column is added
   and one subtracted. The number of lanes that are at most the rank gives the sample. Only the part of the lower level
   to which the upper one points is updated.

   COLUMN is the type of a column's counts, SUM that of a window's. */

typedef COLUMN H(counts) __attribute__((vector_size(16 * sizeof(COLUMN)), aligned(16)));
typedef SUM H(sums) __attribute__((vector_size(16 * sizeof(SUM)), aligned(16)));
#define WIDENED(counts_) __builtin_convertvector(counts_, H(sums))

typedef struct {
    H(counts) *upper, *lower; /* lower[level * pitch + column] */
    H(counts) less[16];       /* less[v] counts one sample of the level v */
    ptrdiff_t pitch;
} H(Columns);

/* Return the number of ascending lanes that are at most *rank*. */
static inline int H(lanes)(H(sums) sums, SUM rank)
{
    typedef int8_t bytes __attribute__((vector_size(16)));
    const bytes lanes = __builtin_convertvector(sums <= rank, bytes);
    uint64_t halves[2];
    memcpy(halves, &lanes, sizeof halves);
    const uint64_t ones = 0x0101010101010101;
    return (int)(((halves[0] & ones) + (halves[1] & ones)) * ones >> 56);
}

/* Write the samples of a rank in the windows of one row, for every *step*-th column from *first*. */
static void H(ranked_row)(uint8_t *out, ptrdiff_t count, const H(Columns) *columns, ptrdiff_t first, ptrdiff_t width,
                          ptrdiff_t step, SUM rank)
{
    const H(counts) *upper = columns->upper;
    const ptrdiff_t reach = width * step;
    H(sums) sums = {0}, lower[16];
    ptrdiff_t upto[16];
    for (int level = 0; level < 16; level++)
        upto[level] = -reach;
    for (ptrdiff_t x = first; x < first + reach - step; x += step)
        sums += WIDENED(upper[x]);
    for (ptrdiff_t x = first; x < count; x += step) {
        sums += WIDENED(upper[x + reach - step]);
        const int level = H(lanes)(sums, rank) - 1;
        const SUM rest = rank - sums[level];
        const H(counts) *part = columns->lower + level * columns->pitch;
        ptrdiff_t at = upto[level];
        H(sums) found = lower[level];
        if (2 * (x - at) > reach) {
            found = (H(sums)){0};
            for (at = x; at < x + reach; at += step)
                found += WIDENED(part[at]);
        } else
            for (; at < x; at += step)
                found += WIDENED(part[at + reach]) - WIDENED(part[at]);
        lower[level] = found;
        upto[level] = x;
        out[x] = (uint8_t)(16 * level + H(lanes)(found, rest) - 1);
        sums -= WIDENED(upper[x]);
    }
}

static int H(histograms)(const RankCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t wider = (call->width - 1) * call->step;
    const ptrdiff_t stripe = MIN(out->samples, MAX(512, 2 * wider));
    H(Columns) columns = {.pitch = stripe + wider};
    H(counts) *memory = malloc((size_t)columns.pitch * 17 * sizeof *memory);
    if (!memory)
        return -1;
    columns.upper = memory, columns.lower = memory + columns.pitch;
    for (int level = 0; level < 16; level++)
        for (int lane = 0; lane < 16; lane++)
            columns.less[level][lane] = level < lane;
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
        for (ptrdiff_t left = 0; left < out->samples; left += stripe) {
            const ptrdiff_t count = MIN(stripe, out->samples - left);
            memset(memory, 0, (size_t)columns.pitch * 17 * sizeof *memory);
            for (ptrdiff_t y = 0; y < in->rows; y++) {
                const uint8_t *come = (uint8_t *)row_of(in, plane, y) + left;
                const ptrdiff_t above = y - call->height;
                const uint8_t *gone = (uint8_t *)row_of(in, plane, MAX(above, 0)) + left;
                for (ptrdiff_t x = 0; x < count + wider; x++) {
                    const int into = come[x] >> 4, from = gone[x] >> 4;
                    H(counts) upper = columns.upper[x] + columns.less[into], more = columns.less[come[x] & 15];
                    if (above >= 0) {
                        upper -= columns.less[from];
                        const H(counts) fewer = columns.less[gone[x] & 15];
                        /* Two dependent updates of the same entry would take 15.8 ns per sample instead of 11.9. */
                        if (into == from)
                            more -= fewer;
                        else
                            columns.lower[from * columns.pitch + x] -= fewer;
                    }
                    columns.lower[into * columns.pitch + x] += more;
                    columns.upper[x] = upper;
                }
                if (above >= -1)
                    for (ptrdiff_t first = 0; first < call->step; first++)
                        H(ranked_row)((uint8_t *)row_of(out, plane, above + 1) + left, count, &columns, first,
                                      call->width, call->step, (SUM)call->ranks[call->ranks_count - 1]);
            }
        }
    free(memory);
    return 0;
}

#undef WIDENED
