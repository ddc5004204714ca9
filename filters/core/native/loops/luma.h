/* The luma of colours: (w₀ R + w₁ G + w₂ B) / divisor. Weights are whole and divided once, so that gray is unchanged.
   */

#define CASE(name, type_)                                                                             \
    case name: {                                                                                      \
        const type_ *restrict from = row_of(&call->in, plane, y);                                     \
        for (ptrdiff_t x = 0; x < call->out.samples; x++)                                             \
            to[x] = ((REAL)from[3 * x] * red + (REAL)from[3 * x + 1] * green + (REAL)from[3 * x + 2] * blue) / divisor; \
        break;                                                                                        \
    }

static int R(luma)(const LumaCall *call)
{
    assert(call->in.samples == 3 * call->out.samples);
    const REAL red = (REAL)call->weights[0], green = (REAL)call->weights[1], blue = (REAL)call->weights[2],
               divisor = (REAL)call->divisor;
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++)
        for (ptrdiff_t y = 0; y < call->in.rows; y++) {
            REAL *restrict to = row_of(&call->out, plane, y);
            switch (call->in.type) {
                CASE(U8, uint8_t)
                CASE(U16, uint16_t)
                CASE(F32, float)
                CASE(F64, double)
            default: break;
            }
        }
    return 0;
}

#undef CASE
