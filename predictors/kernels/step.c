/* The driver of single rows: from symbols through the blocks to log probabilities. Each architecture's block has a file
   of its own. */

#include "step.h"

typedef int (*Step)(const Steps *, const Block *, const REAL *, REAL *, long);

/* In the order of KINDS in step.py */
static const Step STEPS[] = {selective_step, mingru_step, lru_step, rnn_step, rnn_step, gru_step, lstm_step};

static void read_out(const Steps *in, const REAL *r, REAL *final, REAL *log_probs) {
    memcpy(final, r, (size_t)in->width * sizeof(REAL));
    if (in->norm && in->norm_bias) centre_and_normalise(final, in->norm, in->norm_bias, in->width, in->eps);
    else if (in->norm) normalise(final, in->norm, in->width, in->eps);
    product(log_probs, in->readout, final, in->readout_bias, in->n_symbol, in->width);
    REAL most = log_probs[0], total = 0;
    for (long x = 1; x < in->n_symbol; x++) most = log_probs[x] > most ? log_probs[x] : most;
    for (long x = 0; x < in->n_symbol; x++) total += real_exp(log_probs[x] - most);
    most += real_log(total);
    for (long x = 0; x < in->n_symbol; x++) log_probs[x] -= most;
}

/* 0, or 1 if there is no memory */
int step_blocks(const Steps *in) {
    const long row = in->n_seq * in->width;
    for (long seq = 0; seq < in->n_seq; seq++) {
        REAL *r = in->stream + seq * in->width;
        if (in->tokens) memcpy(r, in->embedding + in->tokens[seq] * in->width, (size_t)in->width * sizeof(REAL));
        for (long i = 0; i < in->n_block; i++, r += row)
            if (STEPS[in->kind](in, in->blocks + i, r, r + row, seq)) return 1;
        if (in->tokens) read_out(in, r, in->final + seq * in->width, in->log_probs + seq * in->n_symbol);
    }
    return 0;
}
