"""Which GPUs a host has, if it has PyTorch; the first example of every tour."""

try:
    import torch
except ImportError:
    print("-***- no PyTorch here")
else:
    for number in range(torch.cuda.device_count()):
        print(f"-***- Device {number}: {torch.cuda.get_device_properties(number)}")
    print(f"-***- {torch.cuda.device_count()} devices")
