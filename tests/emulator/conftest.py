from support.emulator import emulator, emulator_process

__all__ = ["emulator", "emulator_process"]
