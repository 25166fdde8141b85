import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_parameters, new_velocities = [], []
    for p, g, v in zip(parameters, gradients, velocities):
        v_new = momentum * v + (1 - momentum) * g
        new_velocities.append(v_new)
        new_parameters.append(p - learning_rate * v_new)
    return new_parameters, new_velocities
