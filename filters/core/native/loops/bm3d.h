/* Collaborative filtering of stacks of similar blocks (BM3D): one step for some rows of reference blocks.

   For each reference block the most similar ones of its search window are stacked; the stack is transformed along both of
   the blocks' axes and, by Haar's wavelet, across the blocks. In the first step coefficients below a threshold are
   dropped; in the second each is weighted by B² / (B² + noise²), where B is that of the basic estimate. Every block of
   the stack then returns to its position, with a weight that is greater the less noise is left in the stack.

   A difference in the last bit of a sample may change a match, which would be visible. So every instruction set and the
   obvious form give the same bits: distances are sums of squared differences of small whole numbers, exact in float in
   any order; other sums have a fixed order, whatever the width of vectors, and products are rounded before they are
   added. */

#define BLOCK BM3D_BLOCK
#define SAMPLES_OF_BLOCK (BLOCK * BLOCK)
#define REACH BM3D_REACH
#define SIDE (2 * REACH + 1)
/* Vectors of candidates in a row of the search window. */
#define SPAN ((SIDE + FLOAT_LANES - 1) / FLOAT_LANES)
/* Margins of the guide's rows, for candidates beyond the edges, which are ignored. */
#define MARGIN 64

/* A row of a block is one vector, or two. */
#define ROW_LANES (FLOAT_LANES < BLOCK ? FLOAT_LANES : BLOCK)
#define PARTS (BLOCK / ROW_LANES)
typedef float BlockRow __attribute__((vector_size(ROW_LANES * sizeof(float))));

/* The working memory of one thread. */
typedef struct {
    const Bm3dCall *call;
    const float *guide;      /* of the search window's rows, with margins */
    ptrdiff_t guide_pitch, guide_top;
    float forward[SAMPLES_OF_BLOCK], inverse[SAMPLES_OF_BLOCK], window[SAMPLES_OF_BLOCK];
    ptrdiff_t count;         /* blocks of the stack */
    float distance[BM3D_MOST];
    int32_t y[BM3D_MOST], x[BM3D_MOST];
    float stack[BM3D_MOST * SAMPLES_OF_BLOCK], basic[BM3D_MOST * SAMPLES_OF_BLOCK];
} Bm3d;

static inline vfloat bm3d_load(const float *from)
{
    vfloat v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void bm3d_store(float *to, vfloat v)
{
    memcpy(to, &v, sizeof v);
}

/* Return a mask of the lanes that are at most *bound*. */
static inline uint32_t bm3d_near(vfloat distances, float bound)
{
#if defined(__x86_64__) && VECTOR_BYTES == 64
    return _mm512_cmp_ps_mask((__m512)distances, _mm512_set1_ps(bound), _CMP_LE_OQ);
#elif defined(__x86_64__) && VECTOR_BYTES == 32
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps((__m256)distances, _mm256_set1_ps(bound), _CMP_LE_OQ));
#elif defined(__x86_64__)
    return (uint32_t)_mm_movemask_ps(_mm_cmple_ps((__m128)distances, _mm_set1_ps(bound)));
#else
    uint32_t bits = 0;
    for (int i = 0; i < FLOAT_LANES; i++)
        bits |= (uint32_t)(distances[i] <= bound) << i;
    return bits;
#endif
}

/* Insert a candidate into the sorted list of the most similar blocks, after equal ones. */
static inline void bm3d_insert(Bm3d *own, ptrdiff_t most, float distance, ptrdiff_t y, ptrdiff_t x)
{
    ptrdiff_t place = own->count < most ? own->count++ : most - 1;
    for (; place > 1 && own->distance[place - 1] > distance; place--) {
        own->distance[place] = own->distance[place - 1];
        own->y[place] = own->y[place - 1];
        own->x[place] = own->x[place - 1];
    }
    own->distance[place] = distance;
    own->y[place] = (int32_t)y;
    own->x[place] = (int32_t)x;
}

/* Find the blocks most similar to the one at (y, x), which comes first. Rows of candidates are searched in the order 0,
   1, -1, 2, -2 … from it: near blocks are likely to be similar, and tighten the bound. */
static void bm3d_match(Bm3d *own, ptrdiff_t y, ptrdiff_t x, ptrdiff_t height, ptrdiff_t width)
{
    const ptrdiff_t most = own->call->most, pitch = own->guide_pitch;
    const float *here = own->guide + (y - own->guide_top) * pitch + MARGIN + x;
    /* The mask of candidates inside the image. */
    const ptrdiff_t left = MAX(0, REACH - x), right = MIN(SIDE, width - BLOCK - x + REACH + 1);
    const uint64_t inside = (~(uint64_t)0 >> (64 - (right - left))) << left;
    float bound = (float)own->call->limit;
    own->count = 1;
    own->distance[0] = 0;
    own->y[0] = (int32_t)y;
    own->x[0] = (int32_t)x;
    if (most == 1)
        return;
    for (ptrdiff_t i = 0; i < SIDE; i++) {
        const ptrdiff_t dy = i & 1 ? (i + 1) / 2 : -(i / 2);
        if (y + dy < 0 || y + dy > height - BLOCK)
            continue;
        const float *there = here + dy * pitch - REACH;
        vfloat sums[SPAN];
        for (int v = 0; v < SPAN; v++)
            sums[v] = (vfloat){0};
        uint64_t near = 0;
        for (ptrdiff_t half = 0; half < 2; half++) {
            for (ptrdiff_t row = half * BLOCK / 2; row < (half + 1) * BLOCK / 2; row++)
                for (ptrdiff_t column = 0; column < BLOCK; column++) {
                    const float sample = here[row * pitch + column];
                    UNROLLED
                    for (int v = 0; v < SPAN; v++) {
                        const vfloat d = bm3d_load(there + row * pitch + column + v * FLOAT_LANES) - sample;
                        sums[v] += d * d;
                    }
                }
            near = 0;
            for (int v = 0; v < SPAN; v++)
                near |= (uint64_t)bm3d_near(sums[v], bound) << (v * FLOAT_LANES);
            near &= inside;
            if (!near) /* adding the other half cannot change that */
                break;
        }
        if (dy == 0)
            near &= ~((uint64_t)1 << REACH);
        float distances[SPAN * FLOAT_LANES];
        memcpy(distances, sums, sizeof distances);
        for (; near; near &= near - 1) {
            const int k = __builtin_ctzll(near);
            if (distances[k] > bound)
                continue;
            bm3d_insert(own, most, distances[k], y + dy, x + k - REACH);
            if (own->count == most)
                bound = MIN(bound, own->distance[most - 1] - 1);
        }
    }
    while (own->count & (own->count - 1)) /* reduce to a power of two */
        own->count &= own->count - 1;
}

/* Multiply *matrix* by a block and transpose the product. */
static inline void bm3d_half_transform(float *to, const float *from, ptrdiff_t pitch, const float *matrix)
{
    float product[SAMPLES_OF_BLOCK];
    UNROLLED
    for (int part = 0; part < PARTS; part++) {
        BlockRow rows[BLOCK];
        UNROLLED
        for (int j = 0; j < BLOCK; j++)
            memcpy(&rows[j], from + j * pitch + part * ROW_LANES, sizeof(BlockRow));
        UNROLLED
        for (int k = 0; k < BLOCK; k++) {
            BlockRow sum = rows[0] * matrix[k * BLOCK];
            ROUND_PRODUCT(sum);
            UNROLLED
            for (int j = 1; j < BLOCK; j++) {
                BlockRow term = rows[j] * matrix[k * BLOCK + j];
                ROUND_PRODUCT(term);
                sum += term;
            }
            memcpy(product + k * BLOCK + part * ROW_LANES, &sum, sizeof sum);
        }
    }
    typedef float Four __attribute__((vector_size(16)));
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
    for (int y = 0; y < BLOCK; y += 4)
        for (int x = 0; x < BLOCK; x += 4) {
            Four rows[4], columns[4];
            for (int i = 0; i < 4; i++)
                memcpy(&rows[i], product + (y + i) * BLOCK + x, sizeof(Four));
            const Four a = LOW(rows[0], rows[2]), b = LOW(rows[1], rows[3]), c = HIGH(rows[0], rows[2]),
                       d = HIGH(rows[1], rows[3]);
            columns[0] = LOW(a, b), columns[1] = HIGH(a, b), columns[2] = LOW(c, d), columns[3] = HIGH(c, d);
            for (int i = 0; i < 4; i++)
                memcpy(to + (x + i) * BLOCK + y, &columns[i], sizeof(Four));
        }
#undef LOW
#undef HIGH
}

/* Transform a block along both axes: ``M · block · Mᵀ`` is transposed. A second time, by the inverse, it is not. */
static inline void bm3d_transform(float *to, const float *from, ptrdiff_t pitch, const float *matrix)
{
    float turned[SAMPLES_OF_BLOCK];
    bm3d_half_transform(turned, from, pitch, matrix);
    bm3d_half_transform(to, turned, BLOCK, matrix);
}

/* Transform across the blocks of a stack; its inverse is the same in the opposite order. */
static inline void bm3d_haar_level(float *stack, ptrdiff_t count, ptrdiff_t stride)
{
    const float root = 0.70710678118654752f;
    for (ptrdiff_t i = 0; i < count; i += 2 * stride) {
        float *one = stack + i * SAMPLES_OF_BLOCK, *other = one + stride * SAMPLES_OF_BLOCK;
        for (ptrdiff_t k = 0; k < SAMPLES_OF_BLOCK; k += FLOAT_LANES) {
            const vfloat a = bm3d_load(one + k), b = bm3d_load(other + k);
            vfloat sum = (a + b) * root, difference = (a - b) * root;
            ROUND_PRODUCT(sum);
            ROUND_PRODUCT(difference);
            bm3d_store(one + k, sum);
            bm3d_store(other + k, difference);
        }
    }
}

static void bm3d_haar(float *stack, ptrdiff_t count)
{
    for (ptrdiff_t stride = 1; stride < count; stride *= 2)
        bm3d_haar_level(stack, count, stride);
}

static void bm3d_inverse_haar(float *stack, ptrdiff_t count)
{
    for (ptrdiff_t stride = count / 2; stride; stride /= 2)
        bm3d_haar_level(stack, count, stride);
}

/* Add up a block's samples by halves. */
static float bm3d_sum(float *samples)
{
    for (int reach = SAMPLES_OF_BLOCK / 2; reach; reach /= 2)
        for (int k = 0; k < reach; k++)
            samples[k] += samples[k + reach];
    return samples[0];
}

/* Drop coefficients below the threshold; return the weight of the stack, one over the number of those left. The mean is
   treated like the others, so that black stays black. */
static float bm3d_threshold(float *stack, ptrdiff_t count, float threshold)
{
    float kept[SAMPLES_OF_BLOCK] = {0};
    for (ptrdiff_t i = 0; i < count; i++)
        for (ptrdiff_t k = 0; k < SAMPLES_OF_BLOCK; k += FLOAT_LANES) {
            float *place = stack + i * SAMPLES_OF_BLOCK + k;
            const vfloat value = bm3d_load(place), one = (vfloat){0} + 1;
            const vi32 keep = (value > threshold) | (value < -threshold);
            bm3d_store(place, (vfloat)((vi32)value & keep));
            bm3d_store(kept + k, bm3d_load(kept + k) + (vfloat)((vi32)one & keep));
        }
    const float sum = bm3d_sum(kept);
    return 1 / MAX(sum, 1);
}

/* Weight coefficients by Wiener's rule; return the weight of the stack, one over the sum of their squares. */
static float bm3d_wiener(float *stack, const float *basic, ptrdiff_t count, float variance)
{
    float squares[SAMPLES_OF_BLOCK] = {0};
    for (ptrdiff_t i = 0; i < count * SAMPLES_OF_BLOCK; i += SAMPLES_OF_BLOCK)
        for (ptrdiff_t k = 0; k < SAMPLES_OF_BLOCK; k += FLOAT_LANES) {
            const vfloat estimate = bm3d_load(basic + i + k);
            vfloat power = estimate * estimate;
            ROUND_PRODUCT(power);
            const vfloat weight = power / (power + variance);
            vfloat square = weight * weight, weighted = bm3d_load(stack + i + k) * weight;
            ROUND_PRODUCT(square);
            ROUND_PRODUCT(weighted);
            bm3d_store(stack + i + k, weighted);
            bm3d_store(squares + k, bm3d_load(squares + k) + square);
        }
    const float sum = bm3d_sum(squares);
    return 1 / MAX(sum, 1e-6f);
}

/* Add a weighted block to the result. */
static inline void bm3d_aggregate(float *sums, float *weights, ptrdiff_t pitch, const float *block, const float *window,
                                  float weight)
{
    UNROLLED
    for (int k = 0; k < SAMPLES_OF_BLOCK; k += ROW_LANES) {
        float *sum_place = sums + k / BLOCK * pitch + k % BLOCK, *total_place = weights + k / BLOCK * pitch + k % BLOCK;
        BlockRow w, samples, sum, total;
        memcpy(&w, window + k, sizeof w);
        memcpy(&samples, block + k, sizeof w);
        memcpy(&sum, sum_place, sizeof w);
        memcpy(&total, total_place, sizeof w);
        w *= weight;
        ROUND_PRODUCT(w);
        samples *= w;
        ROUND_PRODUCT(samples);
        sum += samples;
        total += w;
        memcpy(sum_place, &sum, sizeof w);
        memcpy(total_place, &total, sizeof w);
    }
}

/* Filter the stack of one plane, and add it to the result. */
static void bm3d_filter_stack(Bm3d *own, ptrdiff_t plane)
{
    const Bm3dCall *call = own->call;
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t pitch = in->row_stride / (ptrdiff_t)sizeof(float), count = own->count;
    const ptrdiff_t out_pitch = out->row_stride / (ptrdiff_t)sizeof(float);
    for (ptrdiff_t i = 0; i < count; i++)
        bm3d_transform(own->stack + i * SAMPLES_OF_BLOCK, (float *)row_of(in, plane, own->y[i]) + own->x[i], pitch,
                       own->forward);
    bm3d_haar(own->stack, count);
    float weight;
    if (call->basic.data) {
        const ptrdiff_t basic_pitch = call->basic.row_stride / (ptrdiff_t)sizeof(float);
        for (ptrdiff_t i = 0; i < count; i++)
            bm3d_transform(own->basic + i * SAMPLES_OF_BLOCK,
                           (float *)row_of(&call->basic, plane, own->y[i]) + own->x[i], basic_pitch, own->forward);
        bm3d_haar(own->basic, count);
        weight = bm3d_wiener(own->stack, own->basic, count, (float)call->strength);
    } else
        weight = bm3d_threshold(own->stack, count, (float)call->strength);
    bm3d_inverse_haar(own->stack, count);
    for (ptrdiff_t i = 0; i < count; i++) {
        float block[SAMPLES_OF_BLOCK];
        bm3d_transform(block, own->stack + i * SAMPLES_OF_BLOCK, BLOCK, own->inverse);
        const ptrdiff_t y = own->y[i] - call->top, x = own->x[i];
        bm3d_aggregate((float *)row_of(out, plane, y) + x, (float *)row_of(out, in->planes + plane, y) + x, out_pitch,
                       block, own->window, weight);
    }
}

static int bm3d(const Bm3dCall *call)
{
    const Array *in = &call->in;
    const ptrdiff_t height = in->rows, width = in->samples, last_y = height - BLOCK, last_x = width - BLOCK;
    const ptrdiff_t end = MIN(last_y, (call->end - 1) * call->step);
    const ptrdiff_t start = MIN(last_y, call->first * call->step);
    const ptrdiff_t top = MAX(0, start - REACH), rows = MIN(height, end + REACH + BLOCK) - top;
    const ptrdiff_t pitch = width + 2 * MARGIN;
    assert(call->most <= BM3D_MOST && top >= call->top && top + rows <= call->top + call->out.rows);
    Bm3d *own = malloc(sizeof *own);
    float *guide = calloc((size_t)(rows * pitch), sizeof *guide);
    if (!own || !guide) {
        free(own);
        free(guide);
        return -1;
    }
    for (ptrdiff_t y = 0; y < rows; y++)
        memcpy(guide + y * pitch + MARGIN, row_of(&call->guide, 0, top + y), (size_t)width * sizeof *guide);
    own->call = call;
    own->guide = guide;
    own->guide_pitch = pitch;
    own->guide_top = top;
    for (int k = 0; k < SAMPLES_OF_BLOCK; k++) {
        own->forward[k] = (float)call->forward[k];
        own->inverse[k] = (float)call->inverse[k];
        own->window[k] = (float)call->window[k];
    }
    for (ptrdiff_t plane = 0; plane < call->out.planes; plane++)
        for (ptrdiff_t y = 0; y < call->out.rows; y++)
            memset(row_of(&call->out, plane, y), 0, (size_t)width * sizeof(float));
    for (ptrdiff_t row = call->first; row < call->end; row++)
        for (ptrdiff_t column = 0; (column - 1) * call->step < last_x; column++) {
            bm3d_match(own, MIN(row * call->step, last_y), MIN(column * call->step, last_x), height, width);
            for (ptrdiff_t plane = 0; plane < in->planes; plane++)
                bm3d_filter_stack(own, plane);
        }
    free(guide);
    free(own);
    return 0;
}

#undef BLOCK
#undef SAMPLES_OF_BLOCK
#undef REACH
#undef SIDE
#undef SPAN
#undef MARGIN
#undef ROW_LANES
#undef PARTS
