import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    print("start: theta =", theta.data, "lr =", learning_rate)
    for step in range(number_steps):
        optimizer.zero_grad()
        loss = theta**2
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            print(f"\rstep {step+1}/{number_steps}  loss={loss.item():.6f}  grad={theta.grad}", end="", flush=True)
    print()
    return theta.data

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    print("=" * 40)
    for step in range(1, number_steps + 1):
        optimizer.zero_grad()
        loss = torch.linalg.vector_norm(theta)**2
        loss.backward()
        optimizer.step()
        bar = "#" * int(20 * step / number_steps)
        print(f"[{bar:<20}] loss={loss.item():.3e}")
    print("=" * 40)
    return theta.data
