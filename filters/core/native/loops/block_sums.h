/* Sums over a box of arbitrary numbers, without subtraction: NaN and infinity stay in their windows, and errors do not
   grow along the image. The samples are divided into blocks as long as a window. Each window is the end of one block
   and the beginning of the next, whose sums accumulate from the blocks' ends: three additions per sample for any
   length.

   The blocks are from M. van Herk, "A fast algorithm for local minimum and maximum filters", 1992. */

/* All whole numbers up to this are exact. */
static const double R(EXACT) = sizeof(REAL) == 4 ? 0x1p24 : 0x1p53;

typedef struct {
    REAL *ends;      /* the sums from each row of the last block to its end, or rows of the incomplete block */
    REAL *beginning; /* the sums from the first row of this block */
    ptrdiff_t length, count, pitch; /* rows of a window, samples of a row, and samples from a row to the next */
    ptrdiff_t seen;                 /* the number of rows taken */
} R(Blocks);

/* Take the next row; return whether *sums* now cover a full window. */
static int R(next_sums)(R(Blocks) *blocks, REAL *restrict sums, const REAL *restrict row)
{
    const ptrdiff_t length = blocks->length, count = blocks->count, pitch = blocks->pitch;
    const ptrdiff_t place = blocks->seen++ % length;
    REAL *restrict own = blocks->ends + place * pitch, *restrict beginning = blocks->beginning;
    if (place == 0)
        memset(beginning, 0, (size_t)count * sizeof(REAL));
    if (place < length - 1) {
        const REAL *restrict next = own + pitch;
        for (ptrdiff_t x = 0; x < count; x++) {
            const REAL sample = row[x], sum = beginning[x] + sample;
            beginning[x] = sum;
            own[x] = sample;
            sums[x] = sum + next[x];
        }
        return blocks->seen > length;
    }
    memcpy(own, row, (size_t)count * sizeof(REAL));
    for (ptrdiff_t i = length - 2; i >= 0; i--) {
        REAL *restrict end = blocks->ends + i * pitch;
        const REAL *restrict later = end + pitch;
        for (ptrdiff_t x = 0; x < count; x++)
            end[x] += later[x];
    }
    memcpy(sums, blocks->ends, (size_t)count * sizeof(REAL));
    return 1;
}

/* Samples of a row to add in pairs, pairs of pairs, and so on, which is as fast up to some hundreds and needs no
   shuffles; wider windows are blocks of such chunks. The fastest of 16, 32, 64. */
#define CHUNK 64

/* Write the sums of *width* samples of a row, *across* apart. The samples are overwritten; they and *sums* have room
   for an extra chunk, *memory* has ROOM_ALONG. */
#define ROOM_ALONG(width, across) (((width) / CHUNK + 2) * CHUNK * (across))
static void R(sum_along)(REAL *restrict sums, REAL *samples, ptrdiff_t width, ptrdiff_t across, ptrdiff_t count,
                         REAL *memory)
{
    ptrdiff_t done = 0, reach = 1, have = count + (width - 1) * across;
    memset(sums, 0, (size_t)count * sizeof(REAL));
    for (;; reach *= 2) {
        if (width % CHUNK & reach) {
            const REAL *restrict part = samples + done * across;
            for (ptrdiff_t x = 0; x < count; x++)
                sums[x] += part[x];
            done += reach;
        }
        if (2 * reach > MIN(width, CHUNK))
            break;
        have -= reach * across;
        for (ptrdiff_t x = 0; x < have; x += LANES)
            R(store)(samples + x, R(load)(samples + x) + R(load)(samples + x + reach * across));
    }
    if (done == width)
        return;
    const ptrdiff_t lanes = CHUNK * across;
    samples += done * across;
    R(Blocks) blocks = {memory + lanes, memory, width / CHUNK, lanes, lanes, 0};
    REAL *part = memory + (width / CHUNK + 1) * lanes;
    for (ptrdiff_t x = 0, row = 0; x < count; row++)
        if (R(next_sums)(&blocks, part, samples + row * lanes)) {
            for (ptrdiff_t i = 0; i < MIN(lanes, count - x); i++)
                sums[x + i] += part[i];
            x += lanes;
        }
}

/* Sums over a box, which takes rows one after the other. */
typedef struct {
    R(Blocks) down;
    ptrdiff_t width, across, count; /* columns of the box, samples between them, results of a row */
    REAL *columns, *sums, *along;
} R(Box);

/* The memory, in numbers, for a box; rows of *whole* numbers can be subtracted exactly, so none are stored. */
static ptrdiff_t R(box_room)(ptrdiff_t height, ptrdiff_t width, ptrdiff_t across, ptrdiff_t count, int whole)
{
    const ptrdiff_t pitch = count + (width - 1 + CHUNK) * across + SPARE;
    return ((whole ? 0 : height) + 3) * pitch + ROOM_ALONG(width, across);
}

/* Create a box in memory that is zero or was another box's, and return the rest of the memory. */
static REAL *R(make_box)(R(Box) *box, REAL *memory, ptrdiff_t height, ptrdiff_t width, ptrdiff_t across, ptrdiff_t count,
                         int whole)
{
    const ptrdiff_t reach = (width - 1) * across, pitch = count + reach + CHUNK * across + SPARE;
    REAL *columns = memory, *sums = columns + pitch, *beginning = sums + pitch, *along = beginning + pitch,
         *ends = along + ROOM_ALONG(width, across);
    *box = (R(Box)){{ends, beginning, height, count + reach, pitch, 0}, width, across, count, columns, sums, along};
    memset(beginning, 0, (size_t)pitch * sizeof(REAL));
    return ends + (whole ? 0 : height) * pitch;
}

/* Add the next row to a box; return the sums over the last rows, or NULL if there are too few. */
static const REAL *R(add_row)(R(Box) *box, const REAL *row)
{
    if (!R(next_sums)(&box->down, box->columns, row))
        return NULL;
    R(sum_along)(box->sums, box->columns, box->width, box->across, box->count, box->along);
    return box->sums;
}

/* The same for whole numbers: *gone* is the row that leaves the box, or NULL. */
static const REAL *R(move_row)(R(Box) *box, const REAL *restrict row, const REAL *restrict gone)
{
    REAL *restrict totals = box->down.beginning, *restrict columns = box->columns;
    for (ptrdiff_t x = 0; x < box->down.count; x++)
        columns[x] = totals[x] += gone ? row[x] - gone[x] : row[x];
    if (++box->down.seen < box->down.length)
        return NULL;
    R(sum_along)(box->sums, columns, box->width, box->across, box->count, box->along);
    return box->sums;
}

/* Samples of a row to add up at a time, so that as many rows as the box has stay in the cache. */
#define COLUMNS_TOGETHER 1024

static int R(block_means)(const BoxCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t height = call->height, reach = (call->width - 1) * call->across;
    assert(in->rows == out->rows + height - 1 && in->samples == out->samples + reach);
    const int whole = in->type == U8 || in->type == U16;
    const ptrdiff_t most = MIN(out->samples, MAX(COLUMNS_TOGETHER, 4 * reach)), pitch = most + reach;
    const ptrdiff_t room = R(box_room)(height, call->width, call->across, most, whole);
    REAL *given = calloc((size_t)(2 * pitch + room), sizeof(REAL)), *gone = given + pitch;
    if (!given)
        return -1;
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
        for (ptrdiff_t first = 0; first < out->samples; first += most) {
            const ptrdiff_t results = MIN(most, out->samples - first), count = results + reach;
            R(Box) box;
            R(make_box)(&box, gone + pitch, height, call->width, call->across, results, whole);
            for (ptrdiff_t y = 0; y < in->rows; y++) {
                const REAL *sums;
                R(read_row)(given, row_of(in, plane, y), in->type, first, count);
                if (whole) {
                    if (y >= height)
                        R(read_row)(gone, row_of(in, plane, y - height), in->type, first, count);
                    sums = R(move_row)(&box, given, y < height ? NULL : gone);
                } else
                    sums = R(add_row)(&box, given);
                if (sums)
                    R(write_row)(row_of(out, plane, y + 1 - height), out->type, first, sums, results,
                                 (REAL)call->divisor);
            }
        }
    free(given);
    return 0;
}
