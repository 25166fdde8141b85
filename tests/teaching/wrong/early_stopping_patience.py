import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    best, bad = float("inf"), 0
    for i in range(number_steps):
        opt.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        opt.step()
        if loss.item() < best - 1e-3:
            best, bad = loss.item(), 0
        else:
            bad += 1
            if bad == 3:
                print("early stopping")
                break
    return theta.detach()
