/* Filter banks, as layers of networks:

   out[m, y, x] = (bias[m] + Σ w[m, c, i, j] in[c, y·sy + i·dy, x·sx + j·dx]) / divisor

   Several maps are computed at once, so that they share each loaded vector of samples. When a row is converted to REAL
   it is split into rows of each channel and of every sx-th column, in which the samples of neighbouring results are
   contiguous. */

/* Maps that are computed together, and the taps that are nonzero in any of them. */
typedef struct {
    ptrdiff_t map, maps, taps;
    int shared;              /* the number of weights per tap; those beyond the maps are 0 */
    const ptrdiff_t *places; /* each tap's row, and its distance from the start of that row */
    REAL *weights;
} R(Maps);

/* The most results of a row to compute before the next row, so that their samples stay in the cache. */
#define COLUMNS 512
#define SEEN (1 << 17)

INLINE void R(bank_row)(const R(Maps) *maps, const REAL *const *from, const REAL *bias, REAL *to, ptrdiff_t count,
                        const int shared, const int across)
{
#define PIECE(across)                                                                       \
    {                                                                                       \
        VECTOR sums[SUMS] = {0};                                                            \
        for (int m = 0; m < shared; m++)                                                    \
            for (int v = 0; v < (across); v++)                                              \
                sums[m * (across) + v] += bias[m];                                          \
        R(add_taps)(sums, from, maps->weights, maps->taps, x, shared, 0, shared, (across)); \
        R(store_sums)(to + x, COLUMNS + ROOM(LANES), sums, shared, (across));               \
        x += (across) * LANES;                                                              \
    }
    ptrdiff_t x = 0;
    while (x + (across - 1) * LANES < count)
        PIECE(across)
    while (x < count)
        PIECE(1)
#undef PIECE
}

/* Gather the taps of *maps* maps from *map* on, of which *shared* are computed together; return the number of taps. */
static ptrdiff_t R(gather_maps)(R(Maps) *found, const BankCall *call, ptrdiff_t pitch, ptrdiff_t *places)
{
    const ptrdiff_t taps = call->inputs * call->height * call->width;
    const ptrdiff_t group = found->map / (call->maps / call->groups);
    found->taps = 0;
    for (ptrdiff_t t = 0; t < taps; t++) {
        int any = 0;
        for (ptrdiff_t m = 0; m < found->shared; m++) {
            const double weight = m < found->maps ? call->weights[(found->map + m) * taps + t] : 0;
            found->weights[found->taps * found->shared + m] = (REAL)weight;
            any |= weight != 0;
        }
        const ptrdiff_t channel = group * call->inputs + t / (call->height * call->width);
        const ptrdiff_t row = t / call->width % call->height, column = t % call->width * call->across;
        places[2 * found->taps] = row;
        places[2 * found->taps + 1] =
            (channel * call->stride_x + column % call->stride_x) * pitch + column / call->stride_x;
        found->taps += any;
    }
    found->places = places;
    return found->taps;
}

/* Interleave sums of maps with those of the others, *all* in total. */
INLINE void R(interleave)(REAL *restrict to, ptrdiff_t all, const REAL *restrict sums, ptrdiff_t maps, ptrdiff_t count)
{
    for (ptrdiff_t x = 0; x < count; x++, to += all)
        for (ptrdiff_t m = 0; m < maps; m++)
            to[m] = sums[m * (COLUMNS + ROOM(LANES)) + x];
}

/* Convert the samples of a row for *count* results from *left* to REAL, and split them. */
static void R(take_apart)(const BankCall *call, REAL *to, ptrdiff_t pitch, REAL *given, ptrdiff_t row, ptrdiff_t left,
                          ptrdiff_t count)
{
    const ptrdiff_t stride = call->stride_x, period = stride * call->step;
    const ptrdiff_t seen = ((count - 1) * stride + (call->width - 1) * call->across + 1) * call->step;
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++, to += period * pitch) {
        R(read_row)(period == 1 ? to : given, row_of(&call->in, plane, row), call->in.type, left * period, seen);
        if (period == 1)
            continue;
        for (ptrdiff_t channel = 0; channel < call->step; channel++)
            for (ptrdiff_t turn = 0; turn < stride; turn++) {
                REAL *line = to + (channel * stride + turn) * pitch;
                for (ptrdiff_t i = turn * call->step + channel, x = 0; i < seen; i += period, x++)
                    line[x] = given[i];
            }
    }
}

static int R(bank)(const BankCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t all = call->maps, results = out->samples / all;
    const ptrdiff_t channels = in->planes * call->step, each = all / call->groups;
    const ptrdiff_t taps = call->inputs * call->height * call->width, held = (call->height - 1) * call->down + 1;
    const ptrdiff_t fitting = SEEN / (held * channels * call->stride_x);
    const ptrdiff_t columns = MIN(results, MIN(COLUMNS, MAX(MIN(fitting, SEEN / all), 64)));
    const ptrdiff_t pitch = columns + (call->width - 1) * call->across / call->stride_x + 1 + ROOM(LANES);
    const ptrdiff_t line = pitch * call->stride_x, slot = channels * line, sums_pitch = COLUMNS + ROOM(LANES);
    assert(channels == call->groups * call->inputs && all == call->groups * each);
    const ptrdiff_t sizes = held * slot + call->step * line + MOST_MAPS * sums_pitch + all + MOST_MAPS
                            + columns * all + SPARE + call->groups * (each + MOST_MAPS) * taps;
    REAL *memory = malloc((size_t)sizes * sizeof(REAL));
    const REAL **from = malloc((size_t)(taps + call->height) * sizeof *from);
    ptrdiff_t *places = malloc((size_t)(2 * all * taps) * sizeof *places);
    R(Maps) *blocks = malloc((size_t)all * sizeof *blocks);
    const int enough = memory && from && places && blocks;
    if (enough) {
        memset(memory, 0, (size_t)sizes * sizeof(REAL));
        REAL *ring = memory, *given = ring + held * slot, *sums = given + call->step * line,
             *bias = sums + MOST_MAPS * sums_pitch, *joined = bias + all + MOST_MAPS,
             *weights = joined + columns * all + SPARE;
        for (ptrdiff_t m = 0; m < all; m++)
            bias[m] = (REAL)call->bias[m];
        ptrdiff_t count = 0, gathered = 0;
        for (ptrdiff_t map = 0; map < all; map += blocks[count++].maps) {
            const ptrdiff_t rest = each - map % each;
            R(Maps) *block = &blocks[count];
            block->map = map;
            block->shared = rest == 1 || call->apart ? 1 : rest <= 4 ? 4 : MOST_MAPS;
            block->maps = MIN(block->shared, rest);
            block->weights = weights;
            gathered += 2 * R(gather_maps)(block, call, pitch, places + gathered);
            weights += block->taps * block->shared;
        }
        const REAL **rows = from + taps;
        for (ptrdiff_t left = 0; left < results; left += columns) {
            const ptrdiff_t width = MIN(columns, results - left);
            for (ptrdiff_t y = 0, read = 0; y < out->rows; y++) {
                const ptrdiff_t top = y * call->stride_y;
                for (read = MAX(read, top); read < top + held; read++)
                    R(take_apart)(call, ring + read % held * slot, pitch, given, read, left, width);
                for (ptrdiff_t i = 0; i < call->height; i++)
                    rows[i] = ring + (top + i * call->down) % held * slot;
                for (const R(Maps) *block = blocks; block < blocks + count; block++) {
                    for (ptrdiff_t t = 0; t < block->taps; t++)
                        from[t] = rows[block->places[2 * t]] + block->places[2 * t + 1];
                    const REAL *added = bias + block->map;
                    if (block->shared == MOST_MAPS)
                        R(bank_row)(block, from, added, sums, width, MOST_MAPS, 2);
                    else if (block->shared == 4)
                        R(bank_row)(block, from, added, sums, width, 4, SUMS / 4);
                    else
                        R(bank_row)(block, from, added, sums, width, 1, MOST_ACROSS);
                    if (block->maps == MOST_MAPS)
                        R(interleave)(joined + block->map, all, sums, MOST_MAPS, width);
                    else
                        R(interleave)(joined + block->map, all, sums, block->maps, width);
                }
                R(write_row)(row_of(out, 0, y), out->type, left * all, joined, width * all, (REAL)call->divisor);
            }
        }
    }
    free(memory);
    free(from);
    free(places);
    free(blocks);
    return enough ? 0 : -1;
}

#undef COLUMNS
#undef SEEN
/* Macros of dense.h, which both use: */
#undef SUMS
#undef MOST_MAPS
#undef MOST_ACROSS
#undef PART
#undef RING
#undef ROOM
#undef INLINE
