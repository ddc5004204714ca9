/* Minima and maxima over a shape, given as rectangles that may overlap:

   out[y, x] = join over rectangles (w, h, x₀, y₀), i < h, j < w of in[y + (y₀ + i)·down, x + (x₀ + j)·across]

   A window of up to RADIX·n samples is as many windows of n, which may overlap. So the windows grow from one width to
   the next, and for each width from one height to the next, in tiles that stay in the cache; the last growth of each
   is joined with the result itself. A rectangle of 101×101 takes 5 passes so, and each pass reads what it joins once. */

#define TERMS 32 /* the most rows that are joined in one pass */
#define RADIX 5
#define TILE_BYTES (1 << 17) /* of each of two buffers */
#define TILE_COLUMNS 512     /* the fewest samples in a row of a tile that is narrower than the result */

typedef void JoinRows(void *to, const char *const *from, ptrdiff_t terms, ptrdiff_t count);

/* Join rows sample by sample. The last vector overlaps the one before, which joining the same twice allows. */
#define JOIN_ROWS(name, type, vector, chosen_)                                                \
    static inline vector name##_two(vector a, vector b)                                       \
    {                                                                                         \
        vector joined;                                                                        \
        for (size_t i = 0; i < sizeof(vector) / sizeof(type); i++)                            \
            joined[i] = (chosen_) ? a[i] : b[i];                                              \
        return joined;                                                                        \
    }                                                                                         \
    static inline vector name##_at(const char *const *from, ptrdiff_t term, ptrdiff_t x)      \
    {                                                                                         \
        vector v;                                                                             \
        memcpy(&v, from[term] + x * (ptrdiff_t)sizeof(type), sizeof v);                       \
        return v;                                                                             \
    }                                                                                         \
    static void name(void *to_, const char *const *from, ptrdiff_t terms, ptrdiff_t count)    \
    {                                                                                         \
        const ptrdiff_t lanes = sizeof(vector) / sizeof(type);                                \
        type *to = to_;                                                                       \
        ptrdiff_t x = 0;                                                                      \
        for (; x + 4 * lanes <= count; x += 4 * lanes) {                                      \
            vector a = name##_at(from, 0, x), b = name##_at(from, 0, x + lanes),              \
                   c = name##_at(from, 0, x + 2 * lanes), d = name##_at(from, 0, x + 3 * lanes); \
            for (ptrdiff_t i = 1; i < terms; i++) {                                           \
                a = name##_two(a, name##_at(from, i, x));                                     \
                b = name##_two(b, name##_at(from, i, x + lanes));                             \
                c = name##_two(c, name##_at(from, i, x + 2 * lanes));                         \
                d = name##_two(d, name##_at(from, i, x + 3 * lanes));                         \
            }                                                                                 \
            memcpy(to + x, &a, sizeof a);                                                     \
            memcpy(to + x + lanes, &b, sizeof b);                                             \
            memcpy(to + x + 2 * lanes, &c, sizeof c);                                         \
            memcpy(to + x + 3 * lanes, &d, sizeof d);                                         \
        }                                                                                     \
        for (; x < count && count >= lanes; x += lanes) {                                     \
            x = MIN(x, count - lanes);                                                        \
            vector a = name##_at(from, 0, x);                                                 \
            for (ptrdiff_t i = 1; i < terms; i++)                                             \
                a = name##_two(a, name##_at(from, i, x));                                     \
            memcpy(to + x, &a, sizeof a);                                                     \
        }                                                                                     \
        for (; x < count; x++) {                                                              \
            vector a = {((const type *)from[0])[x]}, b = {0};                                 \
            for (ptrdiff_t i = 1; i < terms; i++) {                                           \
                b[0] = ((const type *)from[i])[x];                                            \
                a = name##_two(a, b);                                                         \
            }                                                                                 \
            to[x] = a[0];                                                                     \
        }                                                                                     \
    }

JOIN_ROWS(least_u8, uint8_t, vu8, a[i] < b[i])
JOIN_ROWS(most_u8, uint8_t, vu8, a[i] > b[i])
JOIN_ROWS(least_u16, uint16_t, vu16, a[i] < b[i])
JOIN_ROWS(most_u16, uint16_t, vu16, a[i] > b[i])
/* NaN is both the least and the greatest; or, if it is ignored, neither. */
JOIN_ROWS(least_float, float, vfloat, (a[i] < b[i]) | (a[i] != a[i]))
JOIN_ROWS(most_float, float, vfloat, (a[i] > b[i]) | (a[i] != a[i]))
JOIN_ROWS(least_double, double, vdouble, (a[i] < b[i]) | (a[i] != a[i]))
JOIN_ROWS(most_double, double, vdouble, (a[i] > b[i]) | (a[i] != a[i]))
JOIN_ROWS(least_float_there, float, vfloat, (a[i] < b[i]) | (b[i] != b[i]))
JOIN_ROWS(most_float_there, float, vfloat, (a[i] > b[i]) | (b[i] != b[i]))
JOIN_ROWS(least_double_there, double, vdouble, (a[i] < b[i]) | (b[i] != b[i]))
JOIN_ROWS(most_double_there, double, vdouble, (a[i] > b[i]) | (b[i] != b[i]))

/* Rows of samples, *pitch* bytes apart. */
typedef struct {
    char *data;
    ptrdiff_t pitch;
} Rows;

/* A tile: windows of *width* in the rows *wide*, of *width* and *height* in *tall*; both may be the input itself. */
typedef struct {
    JoinRows *join;
    ptrdiff_t size; /* bytes of a sample */
    Rows wide, tall, buffers[2];
    ptrdiff_t width, height;
} Tile;

/* Grow windows of *have*, *gap* bytes apart, by one pass over *rows* of *count* samples; return their new length. */
static ptrdiff_t grow(const Tile *tile, Rows from, Rows to, ptrdiff_t have, ptrdiff_t length, ptrdiff_t gap,
                      ptrdiff_t first, ptrdiff_t last, ptrdiff_t count)
{
    const ptrdiff_t grown = MIN(have * RADIX, length), terms = (grown - 1) / have + 1;
    for (ptrdiff_t y = first; y < last; y++) {
        const char *rows[RADIX];
        for (ptrdiff_t i = 0; i < terms; i++)
            rows[i] = from.data + y * from.pitch + MIN(i * have, grown - have) * gap;
        tile->join(to.data + y * to.pitch, rows, terms, count);
    }
    return grown;
}

/* Compute one tile of the result, *rows* of *columns*. */
static void extrema_tile(Tile *tile, const ExtremaCall *call, Rows in, Rows out, ptrdiff_t rows, ptrdiff_t columns)
{
    const ptrdiff_t right = call->across * tile->size, down = call->down;
    const Rectangle *end = call->rectangles + call->count, *next;
    int begun = 0;
    ptrdiff_t first = 0, last = 0;
    tile->wide = in;
    tile->width = 0;
    for (const Rectangle *r = call->rectangles; r < end; r = next) {
        if (r->width != tile->width) { /* rows that this width and greater ones need */
            ptrdiff_t top = r->y, bottom = 0, have = MAX(tile->width, 1);
            for (const Rectangle *other = r; other < end; other++) {
                top = MIN(top, other->y);
                bottom = MAX(bottom, other->y + other->height);
            }
            first = top * down;
            last = (bottom - 1) * down + rows;
            while (have < r->width) {
                const Rows to = tile->buffers[tile->wide.data == tile->buffers[0].data];
                const ptrdiff_t grown = MIN(have * RADIX, r->width);
                have = grow(tile, tile->wide, to, have, r->width, right, first, last,
                            columns + (call->width - grown) * call->across);
                tile->wide = to;
            }
            tile->width = r->width;
            tile->tall = tile->wide;
            tile->height = 1;
        }
        for (next = r; next < end && next->width == r->width && next->height == r->height;)
            next++;
        const ptrdiff_t places = next - r, taller = next < end && next->width == r->width;
        const ptrdiff_t pieces = taller ? 1 : MAX(1, MIN(RADIX, (TERMS - 1) / places));
        while (tile->height * pieces < r->height) {
            const Rows to = tile->buffers[tile->wide.data == tile->buffers[0].data];
            const ptrdiff_t grown = MIN(tile->height * RADIX, r->height);
            grow(tile, tile->tall, to, tile->height, r->height, down * tile->tall.pitch, first,
                 last - (grown - 1) * down, columns + (call->width - r->width) * call->across);
            tile->tall = to;
            tile->height = grown;
        }
        for (ptrdiff_t y = 0; y < rows; y++) {
            const char *terms[TERMS] = {out.data + y * out.pitch};
            ptrdiff_t number = begun;
            for (const Rectangle *place = r; place < next; place++)
                for (ptrdiff_t i = 0; i < place->height; i += tile->height) {
                    const ptrdiff_t from = place->y + MIN(i, place->height - tile->height);
                    terms[number++] = tile->tall.data + (y + from * down) * tile->tall.pitch + place->x * right;
                    if (number == TERMS) {
                        tile->join(out.data + y * out.pitch, terms, number, columns);
                        terms[0] = out.data + y * out.pitch;
                        number = 1;
                    }
                }
            tile->join(out.data + y * out.pitch, terms, number, columns);
        }
        begun = 1;
    }
}

static int extrema(const ExtremaCall *call)
{
    static JoinRows *const joins[][4] = {
        {least_u8, most_u8, least_u8, most_u8},
        {least_u16, most_u16, least_u16, most_u16},
        {least_float, most_float, least_float_there, most_float_there},
        {least_double, most_double, least_double_there, most_double_there},
    };
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t kind = in->type == U8 ? 0 : in->type == U16 ? 1 : in->type == F32 ? 2 : 3;
    const ptrdiff_t size = kind == 0 ? 1 : kind == 1 ? 2 : kind == 2 ? 4 : 8;
    const ptrdiff_t tall = (call->height - 1) * call->down, wide = (call->width - 1) * call->across;
    assert(in->rows == out->rows + tall && in->samples == out->samples + wide);
    Tile tile = {.join = joins[kind][2 * call->ignoring + call->greatest], .size = size};
    const ptrdiff_t columns = MIN(out->samples, MAX(TILE_BYTES / size / (2 * tall + 16), MAX(TILE_COLUMNS, 2 * wide)));
    const ptrdiff_t pitch = (columns + wide) * size;
    const ptrdiff_t rows = MIN(out->rows, MAX(TILE_BYTES / MAX(pitch, 1) - tall, MAX(tall, 16)));
    char *memory = malloc((size_t)(2 * (rows + tall) * pitch + 1));
    if (!memory)
        return -1;
    for (int i = 0; i < 2; i++)
        tile.buffers[i] = (Rows){memory + i * (rows + tall) * pitch, pitch};
    for (ptrdiff_t plane = 0; plane < out->planes; plane++)
        for (ptrdiff_t y = 0; y < out->rows; y += rows)
            for (ptrdiff_t x = 0; x < out->samples; x += columns) {
                const Rows from = {(char *)row_of(in, plane, y) + x * size, in->row_stride};
                const Rows to = {(char *)row_of(out, plane, y) + x * size, out->row_stride};
                extrema_tile(&tile, call, from, to, MIN(rows, out->rows - y), MIN(columns, out->samples - x));
            }
    free(memory);
    return 0;
}
