def update_velocity(v, g, momentum):
    return momentum * v + g


def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_parameters = []
    new_velocities = []
    for p, g, v in zip(parameters, gradients, velocities):
        v = update_velocity(v, g, momentum)
        new_parameters.append(p + learning_rate * v)
        new_velocities.append(v)
    return new_parameters, new_velocities
