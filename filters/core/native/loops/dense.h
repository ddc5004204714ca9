/* Correlation with arbitrary kernels: a block of results stays in registers while all taps are added.

   A block is several rows of one map, or one row of several maps, so that all its results share each loaded vector of
   samples, and all vectors share each weight. Rows are converted to REAL once, and kept in a ring as long as results
   need them. Each sum follows the order of the taps, whatever the block. */

/* The number of vectors of sums that fit the registers together with the factors. */
#define SUMS (VECTOR_BYTES == 64 ? 24 : 12)
#define MOST_MAPS (VECTOR_BYTES == 64 ? 8 : 6)
#define MOST_ACROSS 8
/* Sums of a row to compute before they are written, and the most samples of a ring: parts of the caches. */
#define PART 1024
#define RING (1 << 16)
/* Samples beyond the end of a row that the last vectors of a block read. */
#define ROOM(lanes) ((MOST_ACROSS + 1) * (lanes))

#define INLINE static inline __attribute__((always_inline))

/* Add taps to the results *first* to *last*, which share them, with *across* vectors each. */
INLINE void R(add_taps)(VECTOR *sums, const REAL *const *from, const REAL *weights, ptrdiff_t taps, ptrdiff_t x,
                        const int shared, const int first, const int last, const int across)
{
    for (ptrdiff_t t = 0; t < taps; t++, weights += shared) {
        const REAL *samples = from[t] + x;
        VECTOR in[MOST_ACROSS];
        if (shared < across) /* the smaller of the two stays in registers */
            for (int v = 0; v < across; v++) {
                in[0] = R(load)(samples + v * LANES);
                for (int r = first; r < last; r++)
                    sums[r * across + v] += weights[r] * in[0];
            }
        else {
            for (int v = 0; v < across; v++)
                in[v] = R(load)(samples + v * LANES);
            for (int r = first; r < last; r++) {
                const REAL weight = weights[r];
                for (int v = 0; v < across; v++)
                    sums[r * across + v] += weight * in[v];
            }
        }
    }
}

INLINE void R(store_sums)(REAL *to, ptrdiff_t pitch, const VECTOR *sums, const int shared, const int across)
{
    for (int r = 0; r < shared; r++)
        for (int v = 0; v < across; v++)
            R(store)(to + r * pitch + v * LANES, sums[r * across + v]);
}

/* ---- one kernel, several rows of results at a time -------------------------------------------------------------- */

/* The taps of each row of the input in the rows of results that depend on it. */
typedef struct {
    int rows;               /* of results */
    ptrdiff_t *starts;      /* of the taps of each row of the input, and the end */
    ptrdiff_t *columns;
    REAL *weights;          /* as many for each tap as rows */
    const REAL **from;
} R(Taps);

/* Row i of the input has taps in the results from max(0, i - height + 1) to min(i, rows - 1). */
INLINE void R(dense_rows)(const R(Taps) *taps, ptrdiff_t height, REAL *to, ptrdiff_t begin, ptrdiff_t end,
                          const int rows, const int across)
{
    const ptrdiff_t *starts = taps->starts;
    for (ptrdiff_t x = begin; x < end; x += across * LANES, to += across * LANES) {
        VECTOR sums[SUMS] = {0};
#define TAPS(top, bottom, first, last)                                                  \
    R(add_taps)(sums, taps->from + starts[top], taps->weights + starts[top] * rows,     \
                starts[bottom] - starts[top], x, rows, first, last, across)
        if (rows == 4) {
            TAPS(0, 1, 0, 1);
            TAPS(1, 2, 0, 2);
            TAPS(2, 3, 0, 3);
            TAPS(3, height, 0, 4);
            TAPS(height, height + 1, 1, 4);
            TAPS(height + 1, height + 2, 2, 4);
            TAPS(height + 2, height + 3, 3, 4);
        } else if (rows == 2) {
            TAPS(0, 1, 0, 1);
            TAPS(1, height, 0, 2);
            TAPS(height, height + 1, 1, 2);
        } else
            TAPS(0, height, 0, 1);
#undef TAPS
        R(store_sums)(to, PART + ROOM(LANES), sums, rows, across);
    }
}

/* Gather the taps for the most profitable number of rows of results. */
static void R(gather)(R(Taps) *taps, const DenseCall *call, ptrdiff_t rows)
{
    const ptrdiff_t height = call->height, width = call->width;
    ptrdiff_t filled = 0;
    for (ptrdiff_t t = 0; t < height * width; t++)
        filled += call->taps[t] != 0;
    /* A tap that is 0 in one of the rows would spread NaN to it. */
    const int whole = !(call->in.type & (F32 | F64)), full = filled == height * width;
    const int shared = full || (whole && 3 * filled > 2 * height * width);
    taps->rows = !shared || rows < 2 ? 1 : rows < 4 || height < 3 ? 2 : 4;
    ptrdiff_t count = 0;
    for (ptrdiff_t i = 0; i < height + taps->rows - 1; i++) {
        taps->starts[i] = count;
        for (ptrdiff_t j = 0; j < width; j++) {
            int any = 0;
            for (ptrdiff_t r = 0; r < taps->rows; r++) {
                const double weight = i >= r && i - r < height ? call->taps[(i - r) * width + j] : 0;
                taps->weights[count * taps->rows + r] = (REAL)weight;
                any |= weight != 0;
            }
            taps->columns[count] = j * call->across;
            count += any;
        }
    }
    taps->starts[height + taps->rows - 1] = count;
}

/* Correlate one plane of rows with contiguous taps, for the results from *left* on. */
static void R(dense_plane)(const DenseCall *call, const Array *in, const Array *out, ptrdiff_t plane, ptrdiff_t left,
                           ptrdiff_t count, const R(Taps) *taps, REAL *ring, ptrdiff_t pitch, REAL *sums)
{
    const ptrdiff_t height = call->height, held = height + taps->rows - 1, reach = (call->width - 1) * call->across;
    ptrdiff_t read = 0;
    for (ptrdiff_t top = 0; top < out->rows; top += taps->rows) {
        /* The last rows may repeat some of the previous ones. */
        const ptrdiff_t y = MIN(top, out->rows - taps->rows);
        for (; read < y + held; read++)
            R(read_row)(ring + read % held * pitch, row_of(in, plane, read), in->type, left, count + reach);
        fetch_rows(in, plane, read, taps->rows, left, count + reach);
        fetch_rows(out, plane, y + taps->rows, taps->rows, left, count);
        for (ptrdiff_t i = 0; i < held; i++)
            for (ptrdiff_t t = taps->starts[i]; t < taps->starts[i + 1]; t++)
                taps->from[t] = ring + (y + i) % held * pitch + taps->columns[t];
        for (ptrdiff_t x = 0; x < count; x += PART) {
            const ptrdiff_t end = MIN(count, x + PART);
            if (taps->rows == 4)
                R(dense_rows)(taps, height, sums, x, end, 4, SUMS / 4);
            else if (taps->rows == 2)
                R(dense_rows)(taps, height, sums, x, end, 2, MIN(SUMS / 2, MOST_ACROSS));
            else
                R(dense_rows)(taps, height, sums, x, end, 1, MOST_ACROSS);
            for (ptrdiff_t r = 0; r < taps->rows; r++)
                R(write_row)(row_of(out, plane, y + r), out->type, left + x, sums + r * (PART + ROOM(LANES)), end - x,
                             (REAL)call->divisor);
        }
    }
}

static int R(dense)(const DenseCall *call)
{
    const ptrdiff_t height = call->height, width = call->width, most = (height + 3) * width;
    assert(call->in.rows == call->out.rows + (height - 1) * call->down);
    assert(call->in.samples == call->out.samples + (width - 1) * call->across);
    const ptrdiff_t block = block_of(call->out.samples, MAX(RING / (height + 3), PART));
    const ptrdiff_t pitch = block + (width - 1) * call->across + ROOM(LANES);
    const ptrdiff_t sizes = (height + 3) * pitch + 4 * (PART + ROOM(LANES)) + 4 * most;
    REAL *memory = malloc((size_t)sizes * sizeof(REAL));
    const REAL **from = malloc((size_t)most * sizeof *from);
    ptrdiff_t *places = malloc((size_t)(most + height + 4) * sizeof *places);
    const int enough = memory && from && places;
    if (enough) {
        memset(memory, 0, (size_t)sizes * sizeof(REAL));
        REAL *ring = memory, *sums = ring + (height + 3) * pitch;
        R(Taps) taps = {1, places + most, places, sums + 4 * (PART + ROOM(LANES)), from};
        /* Rows that are *down* apart depend on the same rows of the input, and form an image of their own. */
        for (ptrdiff_t turn = 0; turn < MIN(call->down, call->out.rows); turn++) {
            Array in = call->in, out = call->out;
            in.data += turn * in.row_stride, in.row_stride *= call->down;
            out.data += turn * out.row_stride, out.row_stride *= call->down;
            out.rows = (out.rows - turn + call->down - 1) / call->down;
            R(gather)(&taps, call, out.rows);
            for (ptrdiff_t plane = 0; plane < in.planes; plane++)
                for (ptrdiff_t left = 0; left < out.samples; left += block)
                    R(dense_plane)(call, &in, &out, plane, left, MIN(block, out.samples - left), &taps, ring, pitch,
                                   sums);
        }
    }
    free(memory);
    free(from);
    free(places);
    return enough ? 0 : -1;
}
