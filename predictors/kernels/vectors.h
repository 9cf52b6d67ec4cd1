/* Vectors along the sequences, and the few functions of them that the kernels need.

   REAL is float or double, given by the compiler's command line. A vec holds LANES sequences. Everything keeps the
   rules of IEEE arithmetic: NaN and infinity come out where they should, and denormal numbers stay on. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif
#if defined(__AVX512F__) || defined(__FMA__)
#include <immintrin.h>
#endif
#ifdef __AVX512F__
#define BYTES 64
#else
#define BYTES 32
#endif

#define DOUBLE (sizeof(REAL) == 8)
#define LANES ((long)(BYTES / sizeof(REAL)))
#define INLINE static inline __attribute__((always_inline))

typedef REAL vec __attribute__((vector_size(BYTES)));
#if REAL_IS_DOUBLE
typedef int64_t ivec __attribute__((vector_size(BYTES)));
#else
typedef int32_t ivec __attribute__((vector_size(BYTES)));
#endif

INLINE vec zero(void) { return (vec){0}; }

INLINE vec load(const REAL *from) {
    vec v;
    memcpy(&v, from, BYTES);
    return v;
}

INLINE void store(REAL *to, vec v) { memcpy(to, &v, BYTES); }

/* n of the LANES, the others 0 */
INLINE vec load_some(const REAL *from, long n) {
    vec v = {0};
    if (__builtin_expect(n == LANES, 1)) return load(from);
    for (long i = 0; i < n; i++) v[i] = from[i];
    return v;
}

INLINE void store_some(REAL *to, vec v, long n) {
    if (__builtin_expect(n == LANES, 1)) store(to, v);
    else for (long i = 0; i < n; i++) to[i] = v[i];
}

/* Past the caches, for what is written whole and not read soon. `stored_past` before anybody else reads it. */
INLINE void store_past(REAL *to, vec v, long n) {
#ifdef __AVX512F__
    if (n == LANES && (uintptr_t)to % BYTES == 0) {
        _mm512_stream_si512((void *)to, (__m512i)v);
        return;
    }
#endif
    store_some(to, v, n);
}

INLINE void stored_past(void) {
#ifdef __AVX512F__
    _mm_sfence();
#endif
}

/* Lane i of the result is lane from[i] of a, or of b where from[i] >= LANES. The indices are constants once loops are
   unrolled: GCC has a function for this, and other compilers make the same of the single lanes. */
INLINE vec shuffle(vec a, vec b, ivec from) {
#if defined(__GNUC__) && !defined(__clang__)
    return __builtin_shuffle(a, b, from);
#else
    vec v;
#pragma unroll
    for (long i = 0; i < LANES; i++) v[i] = from[i] < LANES ? a[from[i]] : b[from[i] - LANES];
    return v;
#endif
}

INLINE REAL sum(vec v) {
    for (long half = LANES / 2; half > 0; half /= 2) {
        ivec other;
        for (long i = 0; i < LANES; i++) other[i] = i ^ half;
        v += shuffle(v, v, other);
    }
    return v[0];
}

/* a b + c, rounded once where the processor can: left to itself, GCC decides that for each loop anew, and the same sums
   would differ with where they stand. */
INLINE vec fused(vec a, vec b, vec c) {
#if defined(__AVX512F__) && REAL_IS_DOUBLE
    return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__AVX512F__)
    return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__) && REAL_IS_DOUBLE
    return (vec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__FMA__)
    return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

INLINE vec where(ivec yes, vec a, vec b) { return (vec)(((ivec)a & yes) | ((ivec)b & ~yes)); }

/* Ask for large pages under a large array before it is first written: ordinary ones cost more than what is computed. */
INLINE void large_pages(void *from, long n_number) {
#ifdef MADV_HUGEPAGE
    const uintptr_t page = 4096, first = ((uintptr_t)from + page - 1) / page * page;
    const uintptr_t past = ((uintptr_t)from + (uintptr_t)n_number * sizeof(REAL)) / page * page;
    if (past > first + ((uintptr_t)1 << 22)) madvise((void *)first, past - first, MADV_HUGEPAGE); /* it may decline */
#else
    (void)from, (void)n_number;
#endif
}

/* The lanes of LANES vectors become the vectors: Eklundh's method, exchanging ever smaller blocks. */
INLINE void exchange(vec *v, const long size) {
    ivec to_a, to_b;
    for (long j = 0; j < LANES; j++) {
        to_a[j] = j & size ? LANES + j - size : j;
        to_b[j] = j & size ? LANES + j : j + size;
    }
    for (long i = 0; i < LANES; i++)
        if (!(i & size)) {
            vec a = v[i], b = v[i + size];
            v[i] = shuffle(a, b, to_a);
            v[i + size] = shuffle(a, b, to_b);
        }
}

INLINE void transpose(vec *v) {
    if (LANES > 8) exchange(v, 8);
    if (LANES > 4) exchange(v, 4);
    exchange(v, 2);
    exchange(v, 1);
}

/* exp by 2^n * P(r), |r| <= log(2) / 2; within 2 units in the last place. The polynomial for floats is that of Cephes
   (S. Moshier), the one for doubles Taylor's: its first missing term is below 5e-18. */
INLINE vec vexp(vec x) {
    vec k, n, r, p;
#if REAL_IS_DOUBLE
    const REAL magic = 0x1.8p52, high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33, least = -708, most = 709.7;
#else
    const REAL magic = 0x1.8p23f, high = 0x1.62e4p-1f, low = 0x1.7f7d1cp-20f, least = -87.3f, most = 88.7f;
#endif
    k = x * (REAL)1.44269504088896340736 + magic; /* magic: adding it rounds to an integer, kept in the low bits */
    n = k - magic;
    r = x - n * high;
    r = r - n * low;
#if REAL_IS_DOUBLE
    static const double c[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                               1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5};
    p = zero() + c[0];
    for (int i = 1; i < 12; i++) p = p * r + c[i];
#else
    p = r * 1.9875691500E-4f + 1.3981999507E-3f;
    p = p * r + 8.3334519073E-3f;
    p = p * r + 4.1665795894E-2f;
    p = p * r + 1.6666665459E-1f;
    p = p * r + 5.0000001201E-1f;
#endif
    p = p * r + 1;
    p = p * r + 1;
#if defined(__AVX512F__) && REAL_IS_DOUBLE
    (void)least, (void)most;
    return (vec)_mm512_scalef_pd((__m512d)p, (__m512d)n);
#elif defined(__AVX512F__)
    (void)least, (void)most;
    return (vec)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
    const int bits = DOUBLE ? 52 : 23, bias = DOUBLE ? 1023 : 127;
    /* two factors, as 2^n alone may be out of range where the result is not */
    ivec whole = ((ivec)k << bits) >> bits, half = whole >> 1;
    vec result = p * (vec)((half + bias) << bits) * (vec)((whole - half + bias) << bits);
    result = where(x < least, zero(), result); /* NaN is neither, and comes through */
    return where(x > most, zero() + (REAL)__builtin_inf(), result);
#endif
}

INLINE vec sigmoid(vec x) { return 1 / (1 + vexp(-x)); }

INLINE vec hyperbolic_tangent(vec x) {
    /* (1 - e) / (1 + e), e = exp(-2 |x|); near 0 that loses digits, and the series to x^9 does not */
    const vec size = where(x < 0, -x, x), e = vexp(-2 * size), far = (1 - e) / (1 + e), s = x * x;
    vec near = zero() + (REAL)(62.0 / 2835);
    near = near * s - (REAL)(17.0 / 315);
    near = near * s + (REAL)(2.0 / 15);
    near = near * s - (REAL)(1.0 / 3);
    near = x + x * s * near;
    return where(size < (REAL)(DOUBLE ? 0.02 : 0.2), near, where(x < 0, -far, far));
}

/* log(1 + exp x) = max(x, 0) + log1p(e), e = exp(-|x|); log1p(e) = 2 artanh(s), s = e / (2 + e) <= 1/3 */
INLINE vec softplus(vec x) {
    vec e = vexp(where(x > 0, -x, x)), s = e / (2 + e), s2 = s * s, p = zero();
    for (int k = DOUBLE ? 16 : 7; k >= 0; k--) p = p * s2 + (REAL)2 / (2 * k + 1);
    return where(x < 0, zero(), x) + s * p;
}
