/* The loops for AVX2 with FMA. */

#if defined(__x86_64__)
#define SET avx2
#define VECTOR_BYTES 32
#define TARGET "avx2,fma"
#include "loops/all.h"
#else
typedef int empty;
#endif
