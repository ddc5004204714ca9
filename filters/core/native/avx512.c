/* The loops for AVX-512 with byte and word instructions. */

#if defined(__x86_64__)
#define SET avx512
#define VECTOR_BYTES 64
#ifdef __clang__
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#else
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512"
#endif
#include "loops/all.h"
#else
typedef int empty;
#endif
