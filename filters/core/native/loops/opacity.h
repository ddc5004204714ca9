/* Colours times their alpha, and divided by it: colour * (alpha / full), and back, colour * full / alpha, or 0 where the
   alpha is *least* or less. Quotients equal NumPy's bit for bit.

   The alpha of a block is first repeated for each channel, so that vectors run over the samples. */

#define PIXELS 256
#define CHANNELS 4

/* Repeat one number per pixel for each of *step* channels. */
static inline void R(repeat)(REAL *restrict to, const REAL *restrict from, ptrdiff_t step)
{
    if (step == 1)
        memcpy(to, from, PIXELS * sizeof(REAL));
    else if (step == 3) /* constants, for which the compiler has shuffles */
        for (ptrdiff_t i = 0; i < PIXELS; i++)
            to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = from[i];
    else if (step == 4)
        for (ptrdiff_t i = 0; i < PIXELS; i++)
            to[4 * i] = to[4 * i + 1] = to[4 * i + 2] = to[4 * i + 3] = from[i];
    else
        for (ptrdiff_t i = 0; i < PIXELS; i++)
            for (ptrdiff_t c = 0; c < step; c++)
                to[step * i + c] = from[i];
}

/* Take the last of *step* channels, or put it back. */
static inline void R(last_channel)(REAL *restrict pixels, REAL *restrict alpha, ptrdiff_t step, int put)
{
    for (ptrdiff_t i = 0; i < PIXELS; i++)
        if (put)
            pixels[step * i + step - 1] = alpha[i];
        else
            alpha[i] = pixels[step * i + step - 1];
}

static int R(opacity)(const OpacityCall *call)
{
    const REAL full = (REAL)call->full, least = (REAL)call->least;
    const ptrdiff_t step = call->step, width = call->in.samples / step;
    const int joined = !call->opacity.data;
    REAL alpha[PIXELS] = {0}, opaque[PIXELS], repeated[PIXELS * CHANNELS], colours[PIXELS * CHANNELS] = {0};
    assert(1 <= step && step <= CHANNELS);
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++)
        for (ptrdiff_t y = 0; y < call->in.rows; y++)
            for (ptrdiff_t first = 0; first < width; first += PIXELS) {
                const ptrdiff_t count = MIN(PIXELS, width - first), samples = count * step;
                R(read_row)(colours, row_of(&call->in, plane, y), call->in.type, first * step, samples);
                if (joined)
                    R(last_channel)(colours, alpha, step, 0);
                else
                    R(read_row)(alpha, row_of(&call->opacity, 0, y), call->opacity.type, first, count);
                if (call->divide) {
                    R(repeat)(repeated, alpha, step);
                    for (ptrdiff_t i = 0; i < samples; i++) {
                        const REAL own = repeated[i], visible = own > least ? own : 1;
                        const REAL quotient = colours[i] * full / visible;
                        colours[i] = own > least ? quotient : 0;
                    }
                } else {
                    for (ptrdiff_t i = 0; i < PIXELS; i++)
                        opaque[i] = alpha[i] / full;
                    R(repeat)(repeated, opaque, step);
                    for (ptrdiff_t i = 0; i < samples; i++)
                        colours[i] *= repeated[i];
                }
                if (joined)
                    R(last_channel)(colours, alpha, step, 1);
                R(write_row)(row_of(&call->out, plane, y), call->out.type, first * step, colours, samples, 1);
            }
    return 0;
}

#undef PIXELS
#undef CHANNELS
