/* The rows of a layer of an RNN, a GRU or an LSTM, forward and backward, as in predictors/recurrent.py.

   Letters: x input, h hidden state, c cell, W weights of x (torch's weight_ih), U of h (weight_hh); gates r reset, z
   update, n new (GRU), i input, f forget, g candidate, o output (LSTM). A row of `gates` has columns, each of `padded`
   numbers:

       RNN    a                 before its activation
       GRU    n r z q           the gates, and q = U_n h + bias, which r multiplies
       LSTM   i f g o c         the gates, and the cell that they make

   so that what x gives and what h gives stand each in one piece: n r z and r z q. Widths are padded with zeros to whole
   vectors here, never outside.

   Work goes by tiles of SEQS sequences and ROWS rows. Within a tile W x is one product for all rows and U h one for each
   row; backward, the derivatives of the weights are one product for all rows. A sequence's numbers depend on no other's,
   nor on where tiles begin; everything runs in one thread and in one order: same input, same bytes. */

#include "vectors.h"

#define ROWS 16
#define SEQS 16
#define WIDE 2 /* a product holds TALL rows of WIDE vectors in registers */
#ifdef __AVX512F__
#define TALL 8
#else
#define TALL 4
#endif
#define PANEL (WIDE * LANES)

enum { TANH, RELU, GRU, LSTM };
enum { N, R, Z, Q };    /* columns of a GRU */
enum { I, F, G, O, C }; /* of an LSTM */

typedef struct {
    long kind, n_row, n_seq, width, x_seq, x_row; /* x_*: numbers from one to the next */
    const REAL *x, *h, *c;                        /* (seq, row, width); (seq, width) before the first row, c of an LSTM */
    const REAL *weight_ih, *weight_hh, *bias_ih, *bias_hh; /* as torch keeps them, gates r z n or i f g o */
    REAL *kept;                                   /* private, recurrence_kept() numbers; NULL where there is no backward pass */
} Inputs;

typedef struct {
    const REAL *hs, *g, *last; /* h at every row, dense; derivatives by it; and by c after the last row */
    long g_seq, g_row;
    REAL *x, *h, *c, *weight_ih, *weight_hh, *bias_ih, *bias_hh; /* derivatives by the inputs, dense */
} Gradients;

typedef struct {
    const Inputs *in;
    long n_gate, n_column, shift;    /* `shift`: the first column of what h gives */
    long padded, wide;               /* one column, and one row of gates */
    long seq, lanes, first, rows;    /* the present tile */
    REAL *x, *h;                     /* (row, seq, padded); h begins a row earlier */
    REAL *c;                         /* (seq, padded): before the row that is worked on */
    REAL *gates;                     /* (row, seq, column, padded) */
} Tile;

INLINE long least(long a, long b) { return a < b ? a : b; }
INLINE long up(long n, long to) { return (n + to - 1) / to * to; }

static REAL *numbers(long n) { return aligned_alloc(BYTES, (size_t)up(n ? n : 1, PANEL) * sizeof(REAL)); }

/* ------------------------------------------------------------------------------------------------------- products */

/* a is (tall, terms) and b (terms, wide), terms going by two loops; `*_outer`, `*_inner`: from one to the next. */
typedef struct {
    const REAL *a, *b;
    long a_row, a_outer, a_inner, b_panel, b_outer, b_inner, n_outer, n_inner;
} Factors;

INLINE void add_block(REAL *c, long c_row, const Factors *f, const REAL *a, const REAL *b, const long tall, const long wide) {
    vec found[TALL][WIDE];
    for (long i = 0; i < tall; i++)
        for (long j = 0; j < wide; j++) found[i][j] = zero();
    for (long outer = 0; outer < f->n_outer; outer++) {
        const REAL *one = a + outer * f->a_outer, *other = b + outer * f->b_outer;
        for (long inner = f->n_inner; inner > 0; inner--, one += f->a_inner, other += f->b_inner) {
            vec row[WIDE];
            for (long j = 0; j < wide; j++) row[j] = load(other + j * LANES);
            for (long i = 0; i < tall; i++) {
                const vec all = one[i * f->a_row] - zero(); /* in every lane */
                for (long j = 0; j < wide; j++) found[i][j] = fused(all, row[j], found[i][j]);
            }
        }
    }
    for (long i = 0; i < tall; i++)
        for (long j = 0; j < wide; j++) {
            REAL *to = c + i * c_row + j * LANES;
            store(to, load(to) + found[i][j]);
        }
}

INLINE void add_rows(REAL *c, long c_row, const Factors *f, const REAL *b, long n_row, const long wide) {
    long i = 0;
    for (; i + TALL <= n_row; i += TALL) add_block(c + i * c_row, c_row, f, f->a + i * f->a_row, b, TALL, wide);
    for (; i + 2 <= n_row; i += 2) add_block(c + i * c_row, c_row, f, f->a + i * f->a_row, b, 2, wide);
    for (; i < n_row; i++) add_block(c + i * c_row, c_row, f, f->a + i * f->a_row, b, 1, wide);
}

/* c += a b, n_row rows of n_number numbers, whole vectors. Every sum has one order, wherever in c it stands. */
static void add_product(REAL *c, long c_row, const Factors *f, long n_row, long n_number) {
    long at = 0;
    const REAL *b = f->b;
    for (; at + PANEL <= n_number; at += PANEL, b += f->b_panel) add_rows(c + at, c_row, f, b, n_row, WIDE);
    if (at < n_number) add_rows(c + at, c_row, f, b, n_row, 1);
}

/* -------------------------------------------------------------------------------------------------------- weights */

/* Which of torch's gates stands at a place of what x gives, or of what h gives. */
INLINE long torchs(const Tile *tile, long place, const int of_x) {
    return tile->in->kind == GRU && of_x ? (place + 2) % 3 : place;
}

INLINE long columns_size(const Tile *tile) { return tile->in->width * up(tile->n_gate * tile->padded, PANEL); }
INLINE long rows_size(const Tile *tile) { return tile->n_gate * tile->in->width * up(tile->padded, PANEL); }

/* The transposed weights, (width, gates), in panels: PANEL columns of all rows lie together. */
static void pack_columns(const Tile *tile, REAL *to, const REAL *weight, const int of_x) {
    const long n = tile->in->width, whole = up(tile->n_gate * tile->padded, PANEL);
    if (whole > tile->n_gate * tile->padded) memset(to + (whole - PANEL) * n, 0, (size_t)(PANEL * n) * sizeof(REAL));
    for (long gate = 0; gate < tile->n_gate; gate++)
        for (long d = 0; d < n; d += LANES) {
            const long column = gate * tile->padded + d;
            const REAL *from = weight + (torchs(tile, gate, of_x) * n + d) * n;
            REAL *into = to + column / PANEL * n * PANEL + column % PANEL;
            for (long k = 0; k < n; k += LANES) {
                vec v[LANES];
                for (long i = 0; i < LANES; i++) v[i] = d + i < n ? load_some(from + i * n + k, least(LANES, n - k)) : zero();
                transpose(v);
                for (long i = 0; i < least(LANES, n - k); i++) store(into + (k + i) * PANEL, v[i]);
            }
        }
}

/* The weights, (gates, width), in panels. */
static void pack_rows(const Tile *tile, REAL *to, const REAL *weight, const int of_x) {
    const long n = tile->in->width, n_row = tile->n_gate * n;
    memset(to, 0, (size_t)rows_size(tile) * sizeof(REAL));
    for (long row = 0; row < n_row; row++) {
        const REAL *from = weight + (torchs(tile, row / n, of_x) * n + row % n) * n;
        for (long k = 0; k < n; k += PANEL)
            memcpy(to + (k / PANEL * n_row + row) * PANEL, from + k, (size_t)least(PANEL, n - k) * sizeof(REAL));
    }
}

/* What every row of gates starts from. */
static void pack_biases(const Tile *tile, REAL *to) {
    const Inputs *in = tile->in;
    const long n = in->width;
    memset(to, 0, (size_t)tile->wide * sizeof(REAL));
    for (long gate = 0; gate < tile->n_gate; gate++)
        for (long d = 0; d < n; d++) {
            to[gate * tile->padded + d] += in->bias_ih[torchs(tile, gate, 1) * n + d];
            to[(tile->shift + gate) * tile->padded + d] += in->bias_hh[torchs(tile, gate, 0) * n + d];
        }
}

/* Derivatives by weights, (gates, padded) here, to where torch keeps them. */
static void unpack(const Tile *tile, REAL *to, const REAL *from, const int of_x) {
    const long n = tile->in->width;
    for (long row = 0; row < tile->n_gate * n; row++)
        memcpy(to + (torchs(tile, row / n, of_x) * n + row % n) * n, from + row * tile->padded, (size_t)n * sizeof(REAL));
}

static void unpack_biases(const Tile *tile, const Gradients *out, const REAL *from) {
    const size_t size = (size_t)tile->in->width * sizeof(REAL);
    const long n = tile->in->width;
    for (long gate = 0; gate < tile->n_gate; gate++) {
        memcpy(out->bias_ih + torchs(tile, gate, 1) * n, from + gate * tile->padded, size);
        memcpy(out->bias_hh + torchs(tile, gate, 0) * n, from + (tile->shift + gate) * tile->padded, size);
    }
}

/* ---------------------------------------------------------------------------------------------------------- tiles */

static Tile shapes(const Inputs *in) {
    Tile tile = {.in = in, .n_gate = 1, .n_column = 1};
    if (in->kind == GRU) tile.n_gate = 3, tile.n_column = 4, tile.shift = 1;
    if (in->kind == LSTM) tile.n_gate = 4, tile.n_column = 5;
    tile.padded = up(in->width, LANES), tile.wide = tile.n_column * tile.padded;
    return tile;
}

long recurrence_kept(long kind, long n_row, long n_seq, long width) {
    const long n_column = kind == LSTM ? 5 : kind == GRU ? 4 : 0; /* what an RNN needs it gives */
    return n_row * n_seq * n_column * up(width, LANES);
}

static void begin(Tile *tile, long block, long chunk) {
    tile->seq = block * SEQS, tile->lanes = least(SEQS, tile->in->n_seq - tile->seq);
    tile->first = chunk * ROWS, tile->rows = least(ROWS, tile->in->n_row - tile->first);
}

/* Rows `first` .. of the tile's sequences, (seq, row, width) outside and (row, seq, padded) here. */
static void copy_in(const Tile *tile, REAL *to, const REAL *from, long seq_step, long row_step, long first, long rows) {
    const long n = tile->in->width;
    for (long s = 0; s < tile->lanes; s++)
        for (long t = 0; t < rows; t++) {
            const REAL *at = from + (tile->seq + s) * seq_step + (first + t) * row_step;
            REAL *into = to + (t * tile->lanes + s) * tile->padded;
            for (long d = 0; d < n; d += LANES) store(into + d, load_some(at + d, least(LANES, n - d)));
        }
}

static void copy_out(const Tile *tile, REAL *to, const REAL *from, long n_row, long first, long rows) {
    const long n = tile->in->width;
    for (long s = 0; s < tile->lanes; s++)
        for (long t = 0; t < rows; t++) {
            REAL *at = to + ((tile->seq + s) * n_row + first + t) * n;
            const REAL *out = from + (t * tile->lanes + s) * tile->padded;
            for (long d = 0; d < n; d += LANES) store_some(at + d, load(out + d), least(LANES, n - d));
        }
}

/* The tile's gates, kept where there is a backward pass, else in `room`. */
INLINE REAL *gates_of(const Tile *tile, REAL *room) {
    const Inputs *in = tile->in;
    return in->kept ? in->kept + (tile->seq * in->n_row + tile->first * tile->lanes) * tile->wide : room;
}

/* -------------------------------------------------------------------------------------------------------- forward */

/* One row: from gates before activation and h and c before the row to the gates, h and c. */
INLINE void activate(const Tile *tile, REAL *gates, const REAL *before, REAL *after, const long kind) {
    const long n = tile->padded;
    REAL *c = tile->c;
    for (long s = 0; s < tile->lanes; s++, gates += tile->wide, before += n, after += n, c += n)
        for (long d = 0; d < n; d += LANES) {
            if (kind == GRU) {
                const vec r = sigmoid(load(gates + R * n + d)), z = sigmoid(load(gates + Z * n + d));
                const vec new = hyperbolic_tangent(load(gates + N * n + d) + r * load(gates + Q * n + d));
                store(gates + N * n + d, new), store(gates + R * n + d, r), store(gates + Z * n + d, z);
                store(after + d, new + z * (load(before + d) - new));
            } else if (kind == LSTM) {
                const vec i = sigmoid(load(gates + I * n + d)), f = sigmoid(load(gates + F * n + d));
                const vec g = hyperbolic_tangent(load(gates + G * n + d)), o = sigmoid(load(gates + O * n + d));
                const vec cell = f * load(c + d) + i * g;
                store(gates + I * n + d, i), store(gates + F * n + d, f), store(gates + G * n + d, g);
                store(gates + O * n + d, o), store(gates + C * n + d, cell), store(c + d, cell);
                store(after + d, o * hyperbolic_tangent(cell));
            } else {
                const vec a = load(gates + d);
                store(after + d, kind == RELU ? where(a < 0, zero(), a) : hyperbolic_tangent(a));
            }
        }
}

INLINE void activate_kind(const Tile *tile, REAL *gates, const REAL *before, REAL *after) {
    if (tile->in->kind == LSTM) activate(tile, gates, before, after, LSTM);
    else if (tile->in->kind == GRU) activate(tile, gates, before, after, GRU);
    else if (tile->in->kind == RELU) activate(tile, gates, before, after, RELU);
    else activate(tile, gates, before, after, TANH);
}

/* hs is (seq, row, width), dense; `last` is c after the last row, (seq, width), of an LSTM. 0, or 1 if there is no
   memory. */
int recurrence_forward(const Inputs *in, REAL *hs, REAL *last) {
    Tile tile = shapes(in);
    const long n = tile.padded, columns = tile.n_gate * n, size = columns_size(&tile), n_tile = ROWS * SEQS;
    REAL *room = numbers(2 * size + tile.wide + n_tile * (2 * n + tile.wide) + 2 * SEQS * n);
    if (!room) return 1;
    REAL *W = room, *U = W + size, *bias = U + size, *own = bias + tile.wide;
    tile.x = own + n_tile * tile.wide, tile.c = tile.x + n_tile * n, tile.h = tile.c + SEQS * n;
    pack_columns(&tile, W, in->weight_ih, 1), pack_columns(&tile, U, in->weight_hh, 0), pack_biases(&tile, bias);
    if (in->kept) large_pages(in->kept, recurrence_kept(in->kind, in->n_row, in->n_seq, in->width));
    Factors of_x = {.a = tile.x, .a_row = n, .a_inner = 1, .b = W, .b_inner = PANEL, .n_outer = 1};
    of_x.b_panel = in->width * PANEL, of_x.n_inner = in->width;
    Factors of_h = of_x;
    of_h.b = U;

    for (long block = 0; block * SEQS < in->n_seq; block++) {
        begin(&tile, block, 0);
        copy_in(&tile, tile.h, in->h, in->width, 0, 0, 1);
        if (in->c) copy_in(&tile, tile.c, in->c, in->width, 0, 0, 1);
        for (long chunk = 0; chunk * ROWS < in->n_row; chunk++) {
            begin(&tile, block, chunk);
            const long step = tile.lanes * n, n_vector = tile.rows * tile.lanes;
            REAL *gates = gates_of(&tile, own);
            copy_in(&tile, tile.x, in->x, in->x_seq, in->x_row, tile.first, tile.rows);
            for (long i = 0; i < n_vector; i++) memcpy(gates + i * tile.wide, bias, (size_t)tile.wide * sizeof(REAL));
            add_product(gates, tile.wide, &of_x, n_vector, columns);
            for (long t = 0; t < tile.rows; t++) {
                REAL *row = gates + t * tile.lanes * tile.wide, *h = tile.h + t * step;
                of_h.a = h;
                add_product(row + tile.shift * n, tile.wide, &of_h, tile.lanes, columns);
                activate_kind(&tile, row, h, h + step);
            }
            copy_out(&tile, hs, tile.h + step, in->n_row, tile.first, tile.rows);
            memcpy(tile.h, tile.h + tile.rows * step, (size_t)step * sizeof(REAL));
        }
        if (last) copy_out(&tile, last, tile.c, 1, 0, 1);
    }
    free(room);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- backward */

/* One row: `g`, the derivatives by h after it, from outside and `carried` from the next row, become those by the gates
   before activation, and `carried` what goes past U to h before the row. `by_c` are the derivatives by c, after the row
   and then before it, where c is, `c_step` from one sequence to the next. */
INLINE void differentiate(const Tile *tile, const REAL *gates, const REAL *before, const REAL *after, const REAL *outside,
                          REAL *carried, REAL *g, const REAL *c, long c_step, REAL *by_c, const long kind) {
    const long n = tile->padded;
    for (long s = 0; s < tile->lanes; s++) {
        for (long d = 0; d < n; d += LANES) {
            const vec by_h = load(outside + d) + load(carried + d), h = load(after + d);
            if (kind == GRU) {
                const vec new = load(gates + N * n + d), r = load(gates + R * n + d), z = load(gates + Z * n + d);
                const vec by_new = by_h * (1 - z) * (1 - new * new), q = load(gates + Q * n + d);
                store(g + N * n + d, by_new), store(g + Q * n + d, by_new * r);
                store(g + R * n + d, by_new * q * r * (1 - r));
                store(g + Z * n + d, by_h * (load(before + d) - new) * z * (1 - z));
                store(carried + d, by_h * z);
            } else if (kind == LSTM) {
                const vec i = load(gates + I * n + d), f = load(gates + F * n + d), new = load(gates + G * n + d);
                const vec o = load(gates + O * n + d), out = hyperbolic_tangent(load(gates + C * n + d));
                const vec by_cell = load(by_c + d) + by_h * o * (1 - out * out);
                store(g + I * n + d, by_cell * new * i * (1 - i)), store(g + G * n + d, by_cell * i * (1 - new * new));
                store(g + F * n + d, by_cell * load(c + d) * f * (1 - f)), store(g + O * n + d, by_h * out * o * (1 - o));
                store(by_c + d, by_cell * f), store(carried + d, zero());
            } else {
                store(g + d, kind == RELU ? where(h > 0, by_h, zero()) : by_h * (1 - h * h));
                store(carried + d, zero());
            }
        }
        gates += tile->wide, before += n, after += n, outside += n, carried += n, g += tile->wide;
        c += c_step, by_c += n;
    }
}

INLINE void differentiate_kind(const Tile *tile, const REAL *gates, const REAL *before, const REAL *after,
                               const REAL *outside, REAL *carried, REAL *g, const REAL *c, long c_step, REAL *by_c) {
    const long kind = tile->in->kind;
    if (kind == LSTM) differentiate(tile, gates, before, after, outside, carried, g, c, c_step, by_c, LSTM);
    else if (kind == GRU) differentiate(tile, gates, before, after, outside, carried, g, c, c_step, by_c, GRU);
    else if (kind == RELU) differentiate(tile, gates, before, after, outside, carried, g, c, c_step, by_c, RELU);
    else differentiate(tile, gates, before, after, outside, carried, g, c, c_step, by_c, TANH);
}

/* Derivatives by weights of one kind: what every gate of every row of the tile, from `g` on, has of `b`. */
static void add_to_weights(const Tile *tile, REAL *to, const REAL *g, const REAL *b) {
    const long n = tile->padded;
    Factors f = {.a_row = 1, .a_inner = tile->wide, .b = b, .b_panel = PANEL, .b_inner = n, .n_outer = 1};
    f.n_inner = tile->rows * tile->lanes;
    for (long gate = 0; gate < tile->n_gate; gate++) {
        f.a = g + gate * n;
        add_product(to + gate * tile->in->width * n, n, &f, tile->in->width, n);
    }
}

static void add_to_biases(const Tile *tile, REAL *to, const REAL *g) {
    for (long d = 0; d < (tile->shift + tile->n_gate) * tile->padded; d += LANES) {
        vec found = zero();
        for (long i = 0; i < tile->rows * tile->lanes; i++) found += load(g + i * tile->wide + d);
        store(to + d, load(to + d) + found);
    }
}

/* 0, or 1 if there is no memory */
int recurrence_backward(const Inputs *in, const Gradients *out) {
    Tile tile = shapes(in);
    const long n = tile.padded, size = rows_size(&tile), n_tile = ROWS * SEQS, n_weight = tile.n_gate * in->width * n;
    REAL *room = numbers(2 * size + 2 * n_weight + tile.wide + n_tile * (4 * n + tile.wide) + 4 * SEQS * n);
    if (!room) return 1;
    REAL *W = room, *U = W + size, *by_W = U + size, *by_U = by_W + n_weight, *by_bias = by_U + n_weight;
    REAL *g = by_bias + tile.wide, *outside = g + n_tile * tile.wide, *by_x = outside + n_tile * n;
    REAL *carried = by_x + n_tile * n, *by_c = carried + SEQS * n;
    tile.c = by_c + SEQS * n, tile.x = tile.c + SEQS * n, tile.h = tile.x + n_tile * n;
    memset(by_W, 0, (size_t)(2 * n_weight + tile.wide) * sizeof(REAL));
    pack_rows(&tile, W, in->weight_ih, 1), pack_rows(&tile, U, in->weight_hh, 0);
    Factors to_x = {.a = g, .a_row = tile.wide, .a_outer = n, .a_inner = 1, .b = W, .b_inner = PANEL};
    to_x.b_outer = in->width * PANEL, to_x.b_panel = tile.n_gate * to_x.b_outer;
    to_x.n_outer = tile.n_gate, to_x.n_inner = in->width;
    Factors to_h = to_x;
    to_h.b = U;

    for (long block = 0; block * SEQS < in->n_seq; block++) {
        memset(carried, 0, (size_t)(SEQS * n) * sizeof(REAL));
        begin(&tile, block, 0);
        if (in->c) copy_in(&tile, tile.c, in->c, in->width, 0, 0, 1), copy_in(&tile, by_c, out->last, in->width, 0, 0, 1);
        for (long chunk = (in->n_row - 1) / ROWS; chunk >= 0; chunk--) {
            begin(&tile, block, chunk);
            const long step = tile.lanes * n, n_vector = tile.rows * tile.lanes;
            const REAL *gates = gates_of(&tile, g);
            copy_in(&tile, tile.x, in->x, in->x_seq, in->x_row, tile.first, tile.rows);
            copy_in(&tile, outside, out->g, out->g_seq, out->g_row, tile.first, tile.rows);
            if (chunk) copy_in(&tile, tile.h, out->hs, in->n_row * in->width, in->width, tile.first - 1, tile.rows + 1);
            else {
                copy_in(&tile, tile.h, in->h, in->width, 0, 0, 1);
                copy_in(&tile, tile.h + step, out->hs, in->n_row * in->width, in->width, 0, tile.rows);
            }
            for (long t = tile.rows - 1; t >= 0; t--) {
                const long at = t * tile.lanes * tile.wide;
                const int past = in->c && chunk + t > 0; /* tiles of the same sequences lie one after the other */
                const REAL *h = tile.h + t * step, *c = past ? gates + at - tile.lanes * tile.wide + C * n : tile.c;
                differentiate_kind(&tile, gates + at, h, h + step, outside + t * step, carried, g + at, c,
                                   past ? tile.wide : n, by_c);
                to_h.a = g + at + tile.shift * n;
                add_product(carried, n, &to_h, tile.lanes, n);
            }
            memset(by_x, 0, (size_t)(n_vector * n) * sizeof(REAL));
            add_product(by_x, n, &to_x, n_vector, n);
            copy_out(&tile, out->x, by_x, in->n_row, tile.first, tile.rows);
            add_to_weights(&tile, by_W, g, tile.x);
            add_to_weights(&tile, by_U, g + tile.shift * n, tile.h);
            add_to_biases(&tile, by_bias, g);
        }
        copy_out(&tile, out->h, carried, 1, 0, 1);
        if (in->c) copy_out(&tile, out->c, by_c, 1, 0, 1);
    }
    unpack(&tile, out->weight_ih, by_W, 1), unpack(&tile, out->weight_hh, by_U, 0);
    unpack_biases(&tile, out, by_bias);
    free(room);
    return 0;
}
