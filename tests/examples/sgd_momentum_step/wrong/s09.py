import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    steps = []
    for p, g, v in zip(parameters, gradients, velocities):
        v2 = momentum * v + g
        steps.append((p - learning_rate * v2, v2))
    new_parameters, new_velocities = zip(*steps)
    return new_parameters, new_velocities
