"""An AWS emulator: IVS and IVS Chat from the service models of botocore, beside services of moto, on one port."""
