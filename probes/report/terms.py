"""What every word of the report means, in a sentence or two each."""

from probes.baselines import BASELINES

__all__ = ["COLUMNS", "CONTROLS", "IDEAS"]

IDEAS = {
    "belief": "The probabilities of the process's hidden states given the symbols read so far, computed exactly by "
    "Bayes' rule. Probes are asked for the probabilities of the next few symbols that follow from it, which are the "
    "same however the process is written down.",
    "next": "The probabilities of the next symbol alone.",
    "beyond": "The belief minus all that is an affine function of the next symbol's probabilities: what a network "
    "can hold only if it holds more than its own forecast.",
    "probe": "A linear readout (ridge regression) from one internal value to a target; its penalty is chosen within "
    "the training histories.",
    "site": "The internal value that is read: embed (input vectors), layer.N (output of a layer), final (what the "
    "readout sees), a layer's carried state (carry: h; cell: c; ssm; conv; key; value), or output, the network's "
    "own forecast.",
}

COLUMNS = {
    "Parameters": "Trained numbers.",
    "Symbols seen": "Symbols predicted in training.",
    "Seconds": "Wall-clock time of training.",
    "KL": "How far the forecast is from the exact one, in nats per symbol: probability-weighted over histories, "
    "mean over positions. 0 is the optimum; ∞ means that a possible symbol was given probability 0.",
    "R²": "Share of the target's variance that the probe explains on histories held out of its fit: 1 is exact, 0 "
    "no better than the mean, below 0 worse. Histories count by their probability; the best site is the one where "
    "this is highest.",
    "95 %": "Bootstrap interval within one seed over belief classes or blocks of histories; with several seeds, the "
    "t interval across them.",
    "Equal weight": "The same with every history counting equally, in the fit and in the score.",
    "New beliefs": "The same with whole beliefs held out: no history that leads to a held-out belief is in the fit. "
    "Where nearly all beliefs differ, histories that end alike are held out together.",
    "Whitened": "R² in coordinates in which the target's variance is the same in every direction: no choice of "
    "coordinates matters.",
    "Width, rank": "Columns of the internal value, and how many of them are linearly independent.",
    "Above it": "R² minus that of the best model-free baseline.",
    "Verdict": "For R² from 0.5 up: “discriminates states” where there are too few distinct beliefs for the rank of "
    "the features, so that any arrangement of the beliefs could be read out; else “holds their geometry”.",
}

CONTROLS = {
    "untrained": "The same network as it was initialised, never trained.",
    "permuted-classes": "The true beliefs are permuted among each other, equal beliefs staying equal. A high score "
    "here means that telling histories apart is enough.",
    "shuffled": "Targets are permuted among histories of equal length. Anything above 0 is leakage.",
    "suffix-grams": "No network: the mean target after the longest suffix seen in the training histories, of up to "
    "K symbols; K is chosen within the training histories.",
    "last-k": "No network: a linear readout from the last k symbols, the best k.",
    "random-features": "No network: a linear readout from random ReLU features of the symbols, as wide as the site.",
    "position": "No network: the mean target at each length.",
    "true-p": "A ceiling: a readout from the exact probabilities of the next symbol. Never subtracted.",
    "true-log-p": "A ceiling: a readout from their logarithms. Never subtracted.",
    **{name: baseline.meaning for name, baseline in BASELINES.items()},
    "in-sample": "Fitted and scored on the same histories, as some published figures are. Listed, never ranked.",
    "gaussian": "Random numbers in place of the network's values, in-sample: what overfitting alone gives.",
}
