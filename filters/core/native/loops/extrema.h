/* Minima and maxima over a shape, given as rectangles that may overlap:

   out[y, x] = join over rectangles (w, h, x₀, y₀), i < h, j < w of in[y + y₀ + i, x + (x₀ + j)·across]

   A window of up to RADIX·n samples is the union of up to RADIX windows of n, which may overlap. So windows grow from
   one width to the next, and for each width from one height to the next, in tiles that stay in the cache; the last step
   of each is combined directly with the result. A rectangle of 101×101 takes 5 passes, and each pass reads its input
   once. */

#define TERMS 32 /* the most rows to combine in one pass */
#define RADIX 5
#define TILE_BYTES (1 << 18) /* of each of two buffers: a quarter of that takes 1.3 times as long */
#define TILE_COLUMNS 2048    /* the fewest samples in a row of a tile that is narrower than the result */

typedef void JoinRows(void *to, const char *const *from, ptrdiff_t terms, ptrdiff_t count);
typedef void JoinFour(char *const *to, const char *const *from, ptrdiff_t terms, ptrdiff_t count, int begun);

/* Combine rows sample by sample. The last vector overlaps the previous one, as combining twice is harmless. */
#define JOIN_ROWS(name, type, vector, chosen_)                                                \
    static inline vector name##_two(vector a, vector b)                                       \
    {                                                                                         \
        vector joined; /* gcc knows the loop as an instruction, unless it unrolls it first */  \
        _Pragma("GCC unroll 1") for (size_t i = 0; i < sizeof(vector) / sizeof(type); i++)    \
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
    }                                                                                         \
    static void name##_four(char *const *to, const char *const *from, ptrdiff_t terms, ptrdiff_t count, int begun) \
    {                                                                                         \
        const ptrdiff_t lanes = sizeof(vector) / sizeof(type);                                \
        for (ptrdiff_t x = 0; x < count; x += lanes) {                                        \
            x = MIN(x, count - lanes);                                                        \
            vector c = name##_at(from, 2, x), b = name##_two(name##_at(from, 1, x), c),       \
                   a = name##_two(name##_at(from, 0, x), b), d = name##_at(from, terms, x);   \
            b = name##_two(b, d);                                                             \
            d = name##_two(d, name##_at(from, terms + 1, x));                                 \
            c = name##_two(c, d);                                                             \
            d = name##_two(d, name##_at(from, terms + 2, x));                                 \
            if (terms > 3) {                                                                  \
                vector all = name##_at(from, 3, x);                                           \
                for (ptrdiff_t i = 4; i < terms; i++)                                         \
                    all = name##_two(all, name##_at(from, i, x));                             \
                a = name##_two(a, all), b = name##_two(b, all), c = name##_two(c, all), d = name##_two(d, all); \
            }                                                                                 \
            if (begun) {                                                                      \
                const char *const *had = (const char *const *)to;                             \
                a = name##_two(a, name##_at(had, 0, x)), b = name##_two(b, name##_at(had, 1, x)); \
                c = name##_two(c, name##_at(had, 2, x)), d = name##_two(d, name##_at(had, 3, x)); \
            }                                                                                 \
            memcpy(to[0] + x * (ptrdiff_t)sizeof(type), &a, sizeof a);                        \
            memcpy(to[1] + x * (ptrdiff_t)sizeof(type), &b, sizeof b);                        \
            memcpy(to[2] + x * (ptrdiff_t)sizeof(type), &c, sizeof c);                        \
            memcpy(to[3] + x * (ptrdiff_t)sizeof(type), &d, sizeof d);                        \
        }                                                                                     \
    }

JOIN_ROWS(least_u8, uint8_t, vu8, a[i] < b[i])
JOIN_ROWS(most_u8, uint8_t, vu8, a[i] > b[i])
JOIN_ROWS(least_u16, uint16_t, vu16, a[i] < b[i])
JOIN_ROWS(most_u16, uint16_t, vu16, a[i] > b[i])
/* NaN makes the result NaN, or is skipped if it is ignored. */
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
    JoinFour *four;
    ptrdiff_t size; /* bytes of a sample */
    Rows wide, tall, buffers[2];
    ptrdiff_t width, height;
} Tile;

/* Grow windows of *have* samples, *gap* bytes apart, to *length* in the rows from *first*; if *begun*, combine them
   with the existing result. */
static void grow(const Tile *tile, Rows from, Rows to, ptrdiff_t have, ptrdiff_t length, ptrdiff_t gap,
                 ptrdiff_t first, ptrdiff_t last, ptrdiff_t count, int begun)
{
    const ptrdiff_t terms = (length - 1) / have + 1;
    const int neighbours = have == 1 && gap == from.pitch && terms >= 3 && count * tile->size >= VECTOR_BYTES;
    for (ptrdiff_t y = first, together; y < last; y += together) {
        const char *rows[TERMS];
        char *results[4];
        ptrdiff_t number = 0;
        together = neighbours && y + 4 <= last ? 4 : 1;
        for (ptrdiff_t i = 0; i < together; i++)
            results[i] = to.data + (y + i) * to.pitch;
        if (begun && together == 1)
            rows[number++] = results[0];
        for (ptrdiff_t i = 0; i < terms + together - 1; i++)
            rows[number++] = from.data + y * from.pitch + MIN(i * have, length + together - 1 - have) * gap;
        if (together == 4)
            tile->four(results, rows, terms, count, begun);
        else
            tile->join(results[0], rows, number, count);
    }
}

/* Return the number of windows to combine per pass to reach *length* in few passes. */
static ptrdiff_t radix(ptrdiff_t length)
{
    ptrdiff_t r = 2;
    if (length <= RADIX)
        return length;
    while (r < TERMS - 1 && (length <= RADIX * RADIX ? r * r : r * r * r) < length)
        r++;
    return r;
}

/* Compute one tile of the result, *rows* of *columns*. */
static void extrema_tile(Tile *tile, const ExtremaCall *call, Rows in, Rows out, ptrdiff_t rows, ptrdiff_t columns)
{
    const ptrdiff_t right = call->across * tile->size;
    const Rectangle *end = call->rectangles + call->count, *next;
    ptrdiff_t first = 0, last = 0;
    int begun = 0;
    tile->wide = in;
    tile->width = 0;
    for (const Rectangle *r = call->rectangles; r < end; r = next) {
        if (r->width != tile->width) { /* rows needed by this width and greater ones */
            ptrdiff_t top = r->y, bottom = 0, have = MAX(tile->width, 1);
            const ptrdiff_t factor = radix((r->width - 1) / have + 1);
            for (const Rectangle *other = r; other < end; other++) {
                top = MIN(top, other->y);
                bottom = MAX(bottom, other->y + other->height);
            }
            first = top;
            last = bottom - 1 + rows;
            while (have < r->width) {
                const Rows to = tile->buffers[tile->wide.data == tile->buffers[0].data];
                const ptrdiff_t grown = MIN(have * factor, r->width);
                grow(tile, tile->wide, to, have, grown, right, first, last,
                     columns + (call->width - grown) * call->across, 0);
                tile->wide = to;
                have = grown;
            }
            tile->width = r->width;
            tile->tall = tile->wide;
            tile->height = 1;
        }
        for (next = r; next < end && next->width == r->width && next->height == r->height;)
            next++;
        const ptrdiff_t places = next - r, taller = next < end && next->width == r->width;
        const ptrdiff_t direct = tile->height == 1 && r->height <= TERMS - 3 ? TERMS : RADIX;
        const ptrdiff_t pieces = taller ? 1 : places == 1 ? direct : MAX(1, MIN(RADIX, (TERMS - 1) / places));
        const ptrdiff_t goal = (r->height - 1) / pieces + 1;
        while (tile->height < goal) {
            const Rows to = tile->buffers[tile->wide.data == tile->buffers[0].data];
            const ptrdiff_t grown = MIN(tile->height == 1 ? TERMS - 3 : tile->height * RADIX, goal);
            grow(tile, tile->tall, to, tile->height, grown, tile->tall.pitch, first, last - grown + 1,
                 columns + (call->width - r->width) * call->across, 0);
            tile->tall = to;
            tile->height = grown;
        }
        if (places == 1) {
            const Rows from = {tile->tall.data + r->y * tile->tall.pitch + r->x * right, tile->tall.pitch};
            grow(tile, from, out, tile->height, r->height, from.pitch, 0, rows, columns, begun);
        } else
            for (ptrdiff_t y = 0; y < rows; y++) {
                const char *terms[TERMS] = {out.data + y * out.pitch};
                ptrdiff_t number = begun;
                for (const Rectangle *place = r; place < next; place++)
                    for (ptrdiff_t i = 0; i < place->height; i += tile->height) {
                        const ptrdiff_t from = place->y + MIN(i, place->height - tile->height);
                        terms[number++] = tile->tall.data + (y + from) * tile->tall.pitch + place->x * right;
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

#define BOTH(name) {name, name##_four}

static int extrema(const ExtremaCall *call)
{
    static const struct {
        JoinRows *join;
        JoinFour *four;
    } joins[][4] = {
        {BOTH(least_u8), BOTH(most_u8), BOTH(least_u8), BOTH(most_u8)},
        {BOTH(least_u16), BOTH(most_u16), BOTH(least_u16), BOTH(most_u16)},
        {BOTH(least_float), BOTH(most_float), BOTH(least_float_there), BOTH(most_float_there)},
        {BOTH(least_double), BOTH(most_double), BOTH(least_double_there), BOTH(most_double_there)},
    };
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t kind = in->type == U8 ? 0 : in->type == U16 ? 1 : in->type == F32 ? 2 : 3;
    const ptrdiff_t size = kind == 0 ? 1 : kind == 1 ? 2 : kind == 2 ? 4 : 8;
    const ptrdiff_t tall = call->height - 1, wide = (call->width - 1) * call->across;
    assert(in->rows == out->rows + tall && in->samples == out->samples + wide);
    const ptrdiff_t which = 2 * call->ignoring + call->greatest;
    Tile tile = {.join = joins[kind][which].join, .four = joins[kind][which].four, .size = size};
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

#undef TERMS
#undef RADIX
#undef TILE_BYTES
#undef TILE_COLUMNS
#undef JOIN_ROWS
#undef BOTH
