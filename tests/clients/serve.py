"""What the clients' models run: each number times what is in the model."""

import os


def model_fn(model_dir: str) -> float:
    with open(os.path.join(model_dir, "factor.txt")) as file:
        return float(file.read())


def input_fn(body: str, content_type: str) -> "list[float]":
    return [float(line) for line in body.splitlines()]


def predict_fn(numbers: "list[float]", model: float) -> "list[float]":
    print("predicting", len(numbers))
    return [model * number for number in numbers]


def output_fn(prediction: "list[float]", accept: str) -> str:
    return "\n".join(map(str, prediction))
