/* Warping: each result is interpolated at the point of the input given by a matrix.

   Blocks of columns are processed down the rows, so that their samples stay in the cache for any rotation. For each row
   of a block the points come first, in double and separately for each result, so that errors do not accumulate; then
   the results inside, without checks for the edge, and the others by the border rule. Sums run down first, then across,
   wherever a result lies. */

#ifndef WARP_BLOCK
#define WARP_BLOCK 256
#define WARP_FAR 536870911.0      /* points further away are background */
#define WARP_GROUND -1073741824.0 /* marks the point of a background result, such as all behind the horizon */

typedef int32_t VWARP __attribute__((vector_size(DOUBLE_LANES * 4)));

static inline vdouble warp_select(vi64 mask, vdouble yes, vdouble no)
{
    return (vdouble)(((vi64)yes & mask) | ((vi64)no & ~mask));
}

/* Round numbers of the size of int32 down. */
static inline vdouble warp_floor(vdouble v)
{
#if defined(__x86_64__) && VECTOR_BYTES == 64
    return (vdouble)_mm512_roundscale_pd((__m512d)v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif defined(__x86_64__) && VECTOR_BYTES == 32
    return (vdouble)_mm256_floor_pd((__m256d)v);
#else
    const vdouble cut = __builtin_convertvector(__builtin_convertvector(v, VWARP), vdouble);
    return cut - warp_select(cut > v, (vdouble){0} + 1, (vdouble){0});
#endif
}

#if defined(__x86_64__) && VECTOR_BYTES >= 32
#define WARP_BYTES
/* Interpolate bytes to float, like warp_pixel. For two pixels of 3 or 4 channels, 8 bytes are read at once: RGB takes
   2.5 ns per pixel instead of 7. */
static inline __m256 warp_eight(const char *from)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from)));
}

static inline __attribute__((always_inline)) void warp_bytes(float *to, const int64_t *offset, const float *across,
                                                             const float *down, const char *from, ptrdiff_t pitch,
                                                             ptrdiff_t step, ptrdiff_t first, ptrdiff_t stop)
{
    const __m256i second = step == 3 ? _mm256_setr_epi32(3, 4, 5, 6, 7, 7, 7, 7) : _mm256_setr_epi32(4, 5, 6, 7, 7, 7, 7, 7);
    for (ptrdiff_t i = first; i < stop; i++) {
        const char *at = from + offset[i];
        const __m256 top = warp_eight(at), bottom = warp_eight(at + pitch);
        const __m256 both = top + _mm256_set1_ps(down[i]) * (bottom - top);
        const __m128 left = _mm256_castps256_ps128(both);
        const __m128 right = _mm256_castps256_ps128(_mm256_permutevar8x32_ps(both, second));
        _mm_storeu_ps(to + i * step, left + _mm_set1_ps(across[i]) * (right - left));
    }
}

/* The same for pixels of one byte, a vector at a time; return the number. */
static inline ptrdiff_t warp_grays(float *to, const int64_t *offset, const float *across, const float *down,
                                   const char *from, ptrdiff_t pitch, ptrdiff_t first, ptrdiff_t stop)
{
    ptrdiff_t i = first;
    const __m128i low = _mm_set1_epi16(255);
    for (; i + 8 <= stop; i += 8) {
        __m128i pairs[2];
        for (int row = 0; row < 2; row++) {
            int16_t two[8];
            for (int k = 0; k < 8; k++)
                memcpy(two + k, from + row * pitch + offset[i + k], 2);
            pairs[row] = _mm_setr_epi16(two[0], two[1], two[2], two[3], two[4], two[5], two[6], two[7]);
        }
#define FLOATS(words) _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(words))
        const __m256 a = FLOATS(_mm_and_si128(pairs[0], low)), b = FLOATS(_mm_srli_epi16(pairs[0], 8));
        const __m256 c = FLOATS(_mm_and_si128(pairs[1], low)), d = FLOATS(_mm_srli_epi16(pairs[1], 8));
#undef FLOATS
        const __m256 by = _mm256_loadu_ps(down + i), left = a + by * (c - a), right = b + by * (d - b);
        _mm256_storeu_ps(to + i, left + _mm256_loadu_ps(across + i) * (right - left));
    }
    return i - first;
}
#endif

static ptrdiff_t bordered(ptrdiff_t place, ptrdiff_t size, BorderRule border)
{
    if (place >= 0 && place < size)
        return place;
    if (border == BORDER_CONSTANT)
        return -1;
    if (border == BORDER_NEAREST || size == 1)
        return place < 0 ? 0 : size - 1;
    const ptrdiff_t period = border == BORDER_WRAP ? size : border == BORDER_REFLECT ? 2 * size : 2 * size - 2;
    place %= period;
    place += place < 0 ? period : 0;
    if (place < size)
        return place;
    return period - (border == BORDER_REFLECT) - place;
}
#endif

typedef struct {
    const WarpCall *call;
    ptrdiff_t taps, size, columns; /* taps along each axis, bytes of a sample, and columns of the input */
    int32_t wide, high;            /* the number of first samples whose taps all lie inside, along each axis */
    REAL *patch;                   /* samples around a result at the edge */
} R(Warp);

typedef REAL R(WarpParts) __attribute__((vector_size(DOUBLE_LANES * sizeof(REAL))));

typedef struct {
    int64_t offset[WARP_BLOCK];                /* of the first sample of each result, in bytes */
    int32_t x[WARP_BLOCK], y[WARP_BLOCK];      /* its position */
    REAL across[WARP_BLOCK], down[WARP_BLOCK]; /* the fraction of a sample from the previous sample to the result */
    int32_t outside[WARP_BLOCK];               /* whether any of its samples is outside */
    int any;                                   /* whether any sample of any result is */
} R(Places);

/* Find the points of *count* results of a row from column *first*. Compilers do not vectorize a plain loop: this form
   takes 1 ns instead of 5. */
static void R(warp_places)(R(Places) *places, const R(Warp) *warp, ptrdiff_t row, ptrdiff_t first, ptrdiff_t count)
{
    const WarpCall *call = warp->call;
    const double *m = call->matrix, down = (double)row + 0.5, last = (double)(first + count) - 0.5;
    const double x0 = m[1] * down + m[2], y0 = m[4] * down + m[5], w0 = m[7] * down + m[8];
    const double pitch = (double)call->in.row_stride, pixel = (double)(call->step * warp->size);
    const double middle = warp->taps > 1 ? 0.5 : 0;
    const vdouble zero = {0}, far = zero + WARP_FAR, ground = zero + WARP_GROUND, whole = zero + 0x1.8p52;
    const int flat = m[6] == 0 && m[7] == 0 && m[8] == 1;
    const VWARP before = (VWARP){0} + (warp->taps > 2), wide = (VWARP){0} + warp->wide, high = (VWARP){0} + warp->high;
    vdouble across;
    for (int i = 0; i < DOUBLE_LANES; i++)
        across[i] = (double)(first + i) + 0.5;
    VWARP any = {0};
    for (ptrdiff_t i = 0; i < count; i += DOUBLE_LANES, across += DOUBLE_LANES) {
        const vdouble column = warp_select(across < last, across, zero + last);
        vdouble x = m[0] * column + x0, y = m[3] * column + y0;
        if (!flat) {
            const vdouble w = m[6] * column + w0;
            x = warp_select(w > 0, x / w, ground);
            y = warp_select(w > 0, y / w, ground);
        }
        x -= middle, y -= middle;
        const vdouble left = warp_floor(warp_select((x > -far) & (x < far), x, ground));
        const vdouble top = warp_floor(warp_select((y > -far) & (y < far), y, ground));
        R(WarpParts) part = __builtin_convertvector(x - left, R(WarpParts));
        memcpy(places->across + i, &part, sizeof part);
        part = __builtin_convertvector(y - top, R(WarpParts));
        memcpy(places->down + i, &part, sizeof part);
        const VWARP columns = __builtin_convertvector(left, VWARP) - before;
        const VWARP rows = __builtin_convertvector(top, VWARP) - before;
        memcpy(places->x + i, &columns, sizeof columns);
        memcpy(places->y + i, &rows, sizeof rows);
        const VWARP outside = (columns < 0) | (columns >= wide) | (rows < 0) | (rows >= high);
        memcpy(places->outside + i, &outside, sizeof outside);
        any |= outside;
        /* Adding this number leaves whole numbers in the last bits. */
        const double back = warp->taps > 2 ? pitch + pixel : 0;
        const vi64 offset = (vi64)(left * pixel + (top * pitch + (whole - back))) - (vi64)whole;
        memcpy(places->offset + i, &offset, sizeof offset);
    }
    places->any = 0;
    for (int i = 0; i < DOUBLE_LANES; i++)
        places->any |= any[i];
}

/* Return a sample of a type as REAL. */
static inline REAL R(warp_sample)(const char *row, ptrdiff_t i, SampleType type)
{
    switch (type) {
    case U8: return (REAL)((const uint8_t *)row)[i];
    case U16: return (REAL)((const uint16_t *)(const void *)row)[i];
    case F32: return (REAL)((const float *)(const void *)row)[i];
    default: return (REAL)((const double *)(const void *)row)[i];
    }
}

/* The weights of four samples, at the fraction *f* after the second, for cubic convolution with a = -1/2. */
static inline void R(cubic_weights)(REAL *weights, REAL f)
{
    const REAL half = (REAL)0.5, g = 1 - f;
    weights[0] = -half * f * g * g;
    weights[1] = 1 + f * f * ((REAL)1.5 * f - (REAL)2.5);
    weights[3] = -half * g * f * f;
    weights[2] = 1 - weights[0] - weights[1] - weights[3];
}

/* Interpolate *step* channels of a result whose first sample is at *from*. */
static inline __attribute__((always_inline)) void R(warp_pixel)(REAL *restrict to, const char *from, ptrdiff_t pitch,
                                                                ptrdiff_t step, SampleType type, ptrdiff_t taps,
                                                                REAL across, REAL down)
{
#define AT(row, i) R(warp_sample)(from + (row) * pitch, i, type)
    if (taps == 1) {
        for (ptrdiff_t c = 0; c < step; c++)
            to[c] = AT(0, c);
    } else if (taps == 2) {
        for (ptrdiff_t c = 0; c < step; c++) {
            const REAL a = AT(0, c), b = AT(0, c + step);
            const REAL left = a + down * (AT(1, c) - a), right = b + down * (AT(1, c + step) - b);
            to[c] = left + across * (right - left);
        }
    } else {
        REAL x[4], y[4];
        R(cubic_weights)(x, across);
        R(cubic_weights)(y, down);
#define COLUMN(i) (y[0] * AT(0, i) + y[1] * AT(1, i) + y[2] * AT(2, i) + y[3] * AT(3, i))
        for (ptrdiff_t c = 0; c < step; c++)
            to[c] = x[0] * COLUMN(c) + x[1] * COLUMN(c + step) + x[2] * COLUMN(c + 2 * step)
                    + x[3] * COLUMN(c + 3 * step);
#undef COLUMN
    }
#undef AT
}

/* The same, bilinear, for four channels of REAL: two pixels are a vector. */
static inline __attribute__((always_inline)) void R(warp_four)(REAL *restrict to, const R(Places) *places,
                                                               const char *from, ptrdiff_t pitch, ptrdiff_t first,
                                                               ptrdiff_t stop)
{
    typedef REAL Two __attribute__((vector_size(8 * sizeof(REAL))));
    typedef REAL One __attribute__((vector_size(4 * sizeof(REAL))));
    for (ptrdiff_t i = first; i < stop; i++) {
        const char *at = from + places->offset[i];
        Two top, bottom;
        memcpy(&top, at, sizeof top);
        memcpy(&bottom, at + pitch, sizeof bottom);
        const Two both = top + places->down[i] * (bottom - top);
        const One left = __builtin_shufflevector(both, both, 0, 1, 2, 3);
        const One right = __builtin_shufflevector(both, both, 4, 5, 6, 7);
        const One result = left + places->across[i] * (right - left);
        memcpy(to + 4 * i, &result, sizeof result);
    }
}

/* Interpolate the results *first* … *stop* - 1 of a block, whose samples all lie in the plane at *from*. */
static inline __attribute__((always_inline)) void R(warp_inside)(REAL *restrict to, const R(Places) *places,
                                                                 const char *from, ptrdiff_t pitch, ptrdiff_t step,
                                                                 SampleType type, ptrdiff_t taps, ptrdiff_t first,
                                                                 ptrdiff_t stop)
{
    for (ptrdiff_t i = first; i < stop; i++)
        R(warp_pixel)(to + i * step, from + places->offset[i], pitch, step, type, taps, places->across[i],
                      places->down[i]);
}

static void R(warp_run)(const R(Warp) *warp, REAL *to, const R(Places) *places, ptrdiff_t plane, ptrdiff_t first,
                        ptrdiff_t stop)
{
    const Array *in = &warp->call->in;
    const ptrdiff_t step = warp->call->step, pitch = in->row_stride;
    const char *from = row_of(in, plane, 0);
#ifdef WARP_BYTES
    if (in->type == U8 && warp->taps == 2 && sizeof(REAL) == sizeof(float)) {
        float *to_ = (float *)(void *)to;
        const float *across = (const float *)(const void *)places->across, *down = (const float *)(const void *)places->down;
        if (step == 3 || step == 4) {
            if (step == 3)
                warp_bytes(to_, places->offset, across, down, from, pitch, 3, first, stop);
            else
                warp_bytes(to_, places->offset, across, down, from, pitch, 4, first, stop);
            return;
        }
        if (step == 1)
            first += warp_grays(to_, places->offset, across, down, from, pitch, first, stop);
    }
#endif
    if (in->type == (sizeof(REAL) == sizeof(float) ? F32 : F64) && warp->taps == 2 && step == 4) {
        R(warp_four)(to, places, from, pitch, first, stop);
        return;
    }
#define RUN_AS(type_, step_, taps_) R(warp_inside)(to, places, from, pitch, step_, type_, taps_, first, stop)
#define BY_STEP(type_, taps_)              \
    do {                                   \
        if (step == 1)                     \
            RUN_AS(type_, 1, taps_);       \
        else if (step == 3)                \
            RUN_AS(type_, 3, taps_);       \
        else if (step == 4)                \
            RUN_AS(type_, 4, taps_);       \
        else                               \
            RUN_AS(type_, step, taps_);    \
    } while (0)
#define BY_TAPS(type_)                     \
    do {                                   \
        if (warp->taps == 2)               \
            BY_STEP(type_, 2);             \
        else if (warp->taps == 4)          \
            BY_STEP(type_, 4);             \
        else                               \
            BY_STEP(type_, 1);             \
    } while (0)
    switch (in->type) {
    case U8: BY_TAPS(U8); break;
    case U16: BY_TAPS(U16); break;
    case F32: BY_TAPS(F32); break;
    default: BY_TAPS(F64); break;
    }
#undef BY_TAPS
#undef BY_STEP
#undef RUN_AS
}

/* Interpolate a result at the edge or outside, with samples by the border rule. */
static void R(warp_edge)(const R(Warp) *warp, REAL *to, const R(Places) *places, ptrdiff_t plane, ptrdiff_t i)
{
    const WarpCall *call = warp->call;
    const Array *in = &call->in;
    const ptrdiff_t taps = warp->taps, step = call->step;
    const double *fill = call->fill + plane;
    const int32_t x = places->x[i], y = places->y[i];
    const int outside = x >= warp->columns || x + taps <= 0 || y >= in->rows || y + taps <= 0;
    if (x < -WARP_FAR || y < -WARP_FAR || (outside && call->border == BORDER_CONSTANT)) {
        for (ptrdiff_t c = 0; c < step; c++)
            to[i * step + c] = (REAL)fill[c];
        return;
    }
    for (ptrdiff_t j = 0; j < taps; j++) {
        const ptrdiff_t row = bordered(y + j, in->rows, call->border);
        for (ptrdiff_t k = 0; k < taps; k++) {
            const ptrdiff_t column = bordered(x + k, warp->columns, call->border);
            REAL *samples = warp->patch + (j * taps + k) * step;
            for (ptrdiff_t c = 0; c < step; c++)
                samples[c] = row < 0 || column < 0
                                 ? (REAL)fill[c]
                                 : R(warp_sample)(row_of(in, plane, row), column * step + c, in->type);
        }
    }
    const SampleType own = sizeof(REAL) == sizeof(float) ? F32 : F64;
    const ptrdiff_t pitch = taps * step * (ptrdiff_t)sizeof(REAL);
    R(warp_pixel)(to + i * step, (const char *)warp->patch, pitch, step, own, taps, places->across[i],
                  places->down[i]);
}

/* Copy samples unchanged, if results have their type: RGB takes 2 ns per pixel instead of 5. */
static void R(warp_copy)(const R(Warp) *warp, void *row, const R(Places) *places, ptrdiff_t plane, ptrdiff_t first,
                         ptrdiff_t stop)
{
    const size_t bytes = (size_t)(warp->call->step * warp->size);
    const char *from = row_of(&warp->call->in, plane, 0);
#define COPY(bytes_)                                                                       \
    for (ptrdiff_t i = first; i < stop; i++)                                               \
        move_pixel((char *)row + (size_t)i * (bytes_), from + places->offset[i], (bytes_));
    switch (bytes) {
    case 1: COPY(1) break;
    case 2: COPY(2) break;
    case 3: COPY(3) break;
    case 4: COPY(4) break;
    case 6: COPY(6) break;
    case 8: COPY(8) break;
    case 12: COPY(12) break;
    case 16: COPY(16) break;
    default: COPY(bytes)
    }
#undef COPY
}

static int R(warp)(const WarpCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, taps = call->interpolation == WARP_NEAREST ? 1
                                             : call->interpolation == WARP_BILINEAR ? 2 : 4;
    const ptrdiff_t columns = out->samples / step;
    REAL *memory = malloc((size_t)(WARP_BLOCK * step + 16 * step + SPARE) * sizeof(REAL));
    if (!memory)
        return -1;
    R(Warp) warp = {.call = call, .taps = taps, .columns = in->samples / step, .patch = memory + WARP_BLOCK * step};
    warp.size = in->type == U8 ? 1 : in->type == U16 ? 2 : in->type == F32 ? 4 : 8;
    const int eight = in->type == U8 && taps == 2 && step == 3; /* 8 bytes of two pixels are read at once */
    warp.wide = (int32_t)MAX(warp.columns - taps + 1 - eight, 0);
    warp.high = (int32_t)MAX(in->rows - taps + 1, 0);
    const int copies = taps == 1 && in->type == out->type;
    R(Places) places;
    for (ptrdiff_t first = 0; first < columns; first += WARP_BLOCK) {
        const ptrdiff_t count = MIN(WARP_BLOCK, columns - first);
        for (ptrdiff_t y = 0; y < out->rows; y++) {
            R(warp_places)(&places, &warp, call->row + y, first, count);
            for (ptrdiff_t plane = 0; plane < in->planes; plane++) {
                char *row = row_of(out, plane, y);
                for (ptrdiff_t i = 0; i < count;) {
                    ptrdiff_t stop = places.any ? i : count;
                    while (stop < count && !places.outside[stop])
                        stop++;
                    if (stop > i && copies)
                        R(warp_copy)(&warp, row + first * step * warp.size, &places, plane, i, stop);
                    else if (stop > i)
                        R(warp_run)(&warp, memory, &places, plane, i, stop);
                    const ptrdiff_t edge = stop;
                    for (i = stop; i < count && places.outside[i]; i++)
                        R(warp_edge)(&warp, memory, &places, plane, i);
                    if (copies)
                        R(write_row)(row, out->type, (first + edge) * step, memory + edge * step, (i - edge) * step, 1);
                }
                if (!copies)
                    R(write_row)(row, out->type, first * step, memory, count * step, 1);
            }
        }
    }
    free(memory);
    return 0;
}
