import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(torch.clone(initial_theta))
    optimizer = torch.optim.SGD(params=[theta], lr=learning_rate, momentum=0, dampening=0, weight_decay=0,
                                nesterov=False, maximize=False, foreach=False, differentiable=False)
    for _ in range(number_steps):
        loss = theta ** 2
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(torch.clone(initial_theta))
    optimizer = torch.optim.SGD(params=[theta], lr=learning_rate, momentum=0, dampening=0, weight_decay=0,
                                nesterov=False, maximize=False, foreach=False, differentiable=False)
    for _ in range(number_steps):
        loss = torch.norm(theta) ** 2
        optimizer.zero_grad()
        loss.backward(create_graph=False)
        optimizer.step()
    return theta
