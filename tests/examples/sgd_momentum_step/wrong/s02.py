def sgd_momentum_step(parameters, gradients, velocities, learning_rate, momentum):
    new_velocities = []
    new_parameters = []
    for i, p in enumerate(parameters):
        g, v = gradients[i], velocities[i]
        v = momentum * v + learning_rate * g
        new_velocities.append(v)
        new_parameters.append(p - v)
    return new_parameters, new_velocities
