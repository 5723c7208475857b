"""A small network on scikit-learn's digits; it keeps its weights in the state, and goes on from there."""

import argparse
import os
import pickle
import warnings

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=0.01)
parser.add_argument("--decay", type=float, default=1e-4)
parser.add_argument("--units", type=int, default=32)
parser.add_argument("--activation", default="relu")
parser.add_argument("--epochs", type=int, default=9)
args = parser.parse_args()
warnings.simplefilter("ignore")  # one epoch at a time never converges

data, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(data / 16, labels, test_size=0.5, random_state=0)

state = os.path.join(os.environ["SSM_STATE"], "network.pickle")
if os.path.exists(state):
    with open(state, "rb") as file:
        epoch, network = pickle.load(file)
else:
    epoch = 0
    network = MLPClassifier(
        (args.units,), activation=args.activation, learning_rate_init=args.rate, alpha=args.decay, random_state=0
    )

while epoch < args.epochs:
    epoch += 1
    network.partial_fit(train_x, train_y, classes=range(10))
    with open(f"{state}.new", "wb") as file:
        pickle.dump((epoch, network), file)
    os.replace(f"{state}.new", state)  # whole or not at all, also when a spot machine is taken back here
    print(f"epoch {epoch} accuracy={network.score(test_x, test_y):.4f}", flush=True)

with open(os.path.join(os.environ["SM_MODEL_DIR"], "network.pickle"), "wb") as file:
    pickle.dump(network, file)
