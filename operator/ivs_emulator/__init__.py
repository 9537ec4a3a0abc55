"""An AWS emulator: IVS and IVS Chat from the service models of botocore, beside services of moto, on one port.

`python -m ivs_emulator --port 4599` runs it alone, `ivs_emulator.server.EmulatorServer` inside a process. Requests are
told apart by the service, region and access key in their signature. `ivs_emulator.client.EmulatorControl` sets what
goes wrong, reads the request log, fills large accounts and moves the clock.

Layers, each using only those before it: settings, clock, models; errors, validation, serialization; state, paging;
operations and one module per resource; service; faults, request_log; control; dispatcher; server.
"""
