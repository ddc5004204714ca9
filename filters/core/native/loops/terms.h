/* Sums of rows: the taps of one axis as terms, and rows added up by them. */

/* The nonzero taps. If they are symmetric or antisymmetric about the middle, two samples are added or subtracted before
   they are multiplied, as pairs. The rest are single. */
typedef struct {
    ptrdiff_t pairs, count; /* pairs come first, then singles */
    int opposite;
    const REAL **near, **far;  /* the start of a term's samples, and of those that a pair adds */
    ptrdiff_t *first, *second; /* the indices of their taps */
    REAL *taps;
} R(Terms);

/* Set the terms from *count* taps, for which there is room. */
static void R(set_terms)(R(Terms) *terms, const double *taps, ptrdiff_t count)
{
    int even = 1, odd = 1;
    for (ptrdiff_t i = 0; i < count; i++) {
        even &= taps[i] == taps[count - 1 - i];
        odd &= taps[i] == -taps[count - 1 - i];
    }
    const ptrdiff_t paired = even || odd ? count / 2 : 0;
    terms->pairs = terms->count = 0;
    terms->opposite = !even;
    for (ptrdiff_t i = 0; i < count - paired; i++)
        if (taps[i] != 0) {
            terms->taps[terms->count] = (REAL)taps[i];
            terms->first[terms->count] = i;
            terms->second[terms->count++] = count - 1 - i;
            terms->pairs += i < paired;
        }
}

/* Return the terms of *count* taps for each of *places*, in one block of memory; NULL without memory. */
static R(Terms) *R(terms_of)(const double *taps, ptrdiff_t count, ptrdiff_t places)
{
    const size_t size = (size_t)count * (2 * sizeof(REAL *) + 2 * sizeof(ptrdiff_t) + sizeof(REAL));
    R(Terms) *terms = malloc((size_t)places * (sizeof *terms + size));
    for (ptrdiff_t place = 0; terms && place < places; place++) {
        R(Terms) *own = terms + place;
        own->near = (const REAL **)(void *)(terms + places) + place * count * 2;
        own->far = own->near + count;
        own->first = (ptrdiff_t *)(void *)((const REAL **)(void *)(terms + places) + places * count * 2) + place * count * 2;
        own->second = own->first + count;
        own->taps = (REAL *)(void *)((char *)terms + (size_t)places * (sizeof *terms + size)) - (place + 1) * count;
        R(set_terms)(own, taps + place * count, count);
    }
    return terms;
}

/* Add up the terms of *count* samples, each sum in the order of the terms. Rows have room for an extra vector. Sums
   begin with the first term, as compilers keep sums that a loop sets to 0 in memory. */
static void R(add_up)(REAL *restrict to, const R(Terms) *terms, ptrdiff_t count)
{
    const ptrdiff_t pairs = terms->pairs, all = terms->count;
    const REAL *taps = terms->taps, *const *near = terms->near, *const *far = terms->far;
    if (!all)
        memset(to, 0, (size_t)MAX(count, 0) * sizeof(REAL));
    ptrdiff_t x = all ? 0 : count;
#define NEAR R(load)(first + v * LANES)
#define FAR R(load)(second + v * LANES)
#define TERM(width, sum, value)                             \
    {                                                       \
        const REAL *first = near[i] + x, *second = far[i] + x; \
        (void)second;                                       \
        for (int v = 0; v < (width); v++)                   \
            sums[v] sum taps[i] * (value);                  \
    }
#define TERMS(width, last, value)           \
    for (i++; i < (last); i++)              \
        TERM(width, +=, value)
#define ADD_UP(width)                                               \
    for (; x + ((width)-1) * LANES < count; x += (width)*LANES) {   \
        VECTOR sums[width];                                         \
        ptrdiff_t i = 0;                                            \
        if (!pairs)                                                 \
            TERM(width, =, NEAR)                                \
        else if (terms->opposite) {                                 \
            TERM(width, =, NEAR - FAR)                      \
            TERMS(width, pairs, NEAR - FAR)                 \
            i--;                                                    \
        }                                                           \
        else {                                                      \
            TERM(width, =, NEAR + FAR)                      \
            TERMS(width, pairs, NEAR + FAR)                 \
            i--;                                                    \
        }                                                           \
        TERMS(width, all, NEAR)                                 \
        for (int v = 0; v < (width); v++)                           \
            R(store)(to + x + v * LANES, sums[v]);                  \
    }
    ADD_UP(WIDE)
    ADD_UP(1)
#undef ADD_UP
#undef TERMS
#undef TERM
#undef NEAR
#undef FAR
}

/* Add up a few columns of two adjoining rows of results, from *x*; the taps are even about the middle, and
   none is 0. A term of the upper row and the next term of the lower row use the same samples, which halves the loads.
   The sums equal those of add_up. */
static void R(add_up_two)(REAL *restrict upper, REAL *restrict lower, const R(Terms) *terms, const REAL *const *lines,
                          ptrdiff_t height, ptrdiff_t x)
{
    const REAL *taps = terms->taps;
    const ptrdiff_t pairs = terms->pairs;
    VECTOR a[TWO_WIDE], b[TWO_WIDE], near[TWO_WIDE];
    for (int v = 0; v < TWO_WIDE; v++) {
        const ptrdiff_t at = x + v * LANES;
        near[v] = R(load)(lines[1] + at);
        a[v] = taps[0] * (R(load)(lines[0] + at) + R(load)(lines[height - 1] + at));
        b[v] = taps[0] * (near[v] + R(load)(lines[height] + at));
    }
    for (ptrdiff_t i = 1; i < pairs; i++)
        for (int v = 0; v < TWO_WIDE; v++) {
            const ptrdiff_t at = x + v * LANES;
            const VECTOR after = R(load)(lines[i + 1] + at);
            a[v] += taps[i] * (near[v] + R(load)(lines[height - 1 - i] + at));
            b[v] += taps[i] * (after + R(load)(lines[height - i] + at));
            near[v] = after;
        }
    for (int v = 0; v < TWO_WIDE; v++) {
        if (terms->count > pairs) {
            a[v] += taps[pairs] * near[v];
            b[v] += taps[pairs] * R(load)(lines[pairs + 1] + x + v * LANES);
        }
        R(store)(upper + x + v * LANES, a[v]);
        R(store)(lower + x + v * LANES, b[v]);
    }
}

/* Add up a few columns, from *x*, of the rows in which taps are *down* apart. */
static void R(add_up_tile)(REAL *to, R(Terms) *terms, const REAL *const *lines, ptrdiff_t down, ptrdiff_t x,
                           ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < terms->count; i++) {
        terms->near[i] = lines[terms->first[i] * down] + x;
        terms->far[i] = lines[terms->second[i] * down] + x;
    }
    R(add_up)(to + x, terms, MIN(TILE * LANES, count - x));
}

/* Add up *results* rows, *stride* apart, of *lines*, in which taps are *down* apart: a few columns of all of them at a
   time, so that they stay in the first-level cache; the second-level cache delivers at most one vector per cycle. */
static void R(add_up_rows)(REAL *to, ptrdiff_t pitch, ptrdiff_t results, ptrdiff_t stride, R(Terms) *terms,
                           ptrdiff_t down, const REAL *const *lines, ptrdiff_t count)
{
    const ptrdiff_t height = terms->count + terms->pairs;
    const int plain = terms->pairs > 0 && !terms->opposite && terms->second[0] == height - 1;
    const ptrdiff_t by_two = plain && stride == 1 && down == 1 ? results / 2 * 2 : 0;
    for (ptrdiff_t x = 0; x < (by_two ? count : 0); x += TWO_WIDE * LANES)
        for (ptrdiff_t y = 0; y < by_two; y += 2)
            R(add_up_two)(to + y * pitch, to + (y + 1) * pitch, terms, lines + y, height, x);
    for (ptrdiff_t x = 0; x < (by_two < results ? count : 0); x += TILE * LANES)
        for (ptrdiff_t y = by_two; y < results; y++)
            R(add_up_tile)(to + y * pitch, terms, lines + y * stride, down, x, count);
}
