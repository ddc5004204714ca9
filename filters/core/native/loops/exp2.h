/* Powers of two, of vectors: exp(x) is exp2(x · log₂ e).

   x = n + f, where n is whole and |f| ≤ 1/2. The low bits of x + 1.5 · 2ᵐ, with m bits of mantissa, are n; they are
   added to the exponent of 2ᶠ, a polynomial of least relative error, found by Remez' algorithm. With all roundings the
   error is 3e-7 in float and 6e-16 in double. Results below the least normal number are 0, unless they are known not to
   occur, which saves a tenth of a weight's time; NaN stays NaN. */

#define TERMS_FLOAT \
    0.00132764726f, 0.00967554134f, 0.0555071327f, 0.240221197f, 0.693146967f, 1
#define TERMS_DOUBLE                                                                                         \
    7.03727953058280352e-9, 1.02085379045521639e-7, 1.32156628318461028e-6, 1.52526581165613843e-5,          \
        1.54035299611359555e-4, 1.33335582285614755e-3, 9.61812910803458869e-3, 5.55041086644588332e-2,      \
        0.240226506959087678, 0.693147180559949775, 1

#define EXP2(REAL, VECTOR, BITS, mantissa, least, ...)                           \
    static inline VECTOR exp2_##REAL(VECTOR x, int normal)                       \
    {                                                                            \
        static const REAL terms[] = {__VA_ARGS__};                               \
        const REAL middle = (REAL)1.5 * (REAL)(1LL << (mantissa));               \
        const VECTOR shifted = x + middle, f = x - (shifted - middle);           \
        VECTOR power = f * terms[0] + terms[1];                                  \
        for (size_t i = 2; i < sizeof terms / sizeof *terms; i++)                \
            power = power * f + terms[i];                                        \
        const BITS bits = (BITS)power + ((BITS)shifted << (mantissa));           \
        return (VECTOR)(normal ? bits : bits & ~(BITS)(x < (REAL)(least)));      \
    }

EXP2(float, vfloat, vu32, 23, -126, TERMS_FLOAT)
EXP2(double, vdouble, vu64, 52, -1022, TERMS_DOUBLE)

#undef TERMS_FLOAT
#undef TERMS_DOUBLE
#undef EXP2
