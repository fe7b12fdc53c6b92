//! The binary `defaas-function-runtime`.

use std::process::ExitCode;

fn main() -> ExitCode {
    defaas_function_runtime::cli::main()
}
