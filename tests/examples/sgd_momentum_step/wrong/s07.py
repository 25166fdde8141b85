import torch


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_parameters = []
    new_velocities = []
    for p, g, v in zip(parameters, gradients, velocities):
        v_new = momentum * v + g
        p_new = p - learning_rate * (g + momentum * v_new)
        new_parameters.append(p_new)
        new_velocities.append(v_new)
    return new_parameters, new_velocities
