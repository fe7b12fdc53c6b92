//! View functions: what pallets answer to anybody who asks, by their names in the metadata.
//!
//! The request is put together here and not by `subxt`, whose release in use sends the arguments
//! without their length and reads the answer without its wrapper.

use super::{AtBlock, Chain};
use crate::{Error, Result};
use subxt::{
    dynamic::{self, Value},
    error::DispatchError,
    ext::{
        codec::{Decode, Encode},
        frame_decode::view_functions::IntoEncodableValues,
        scale_decode::DecodeAsType,
    },
};

/// The runtime API behind all view functions.
const RUNTIME_API: &str = "RuntimeViewFunction_execute_view_function";
/// Length of a view function's id.
const ID_LEN: usize = 32;

impl Chain {
    /// What `pallet` answers at `block`.
    pub(super) async fn view<R: DecodeAsType>(
        &self,
        block: &AtBlock,
        pallet: &str,
        function: &str,
        args: impl IntoEncodableValues,
    ) -> Result<R> {
        let answer = self.ask(block, pallet, function, args).await?;
        decode(block, pallet, function, &answer)
    }

    /// What `pallet` answers at `block`, where it may also refuse to answer.
    pub(super) async fn try_view<R: DecodeAsType>(
        &self,
        block: &AtBlock,
        pallet: &str,
        function: &str,
        args: impl IntoEncodableValues,
    ) -> Result<R> {
        let answer = self.ask(block, pallet, function, args).await?;
        match decode::<std::result::Result<R, Value>>(block, pallet, function, &answer)? {
            Ok(value) => Ok(value),
            // Behind the byte that says `Err`.
            Err(_) => Err(
                match DispatchError::decode_from(
                    answer.get(1..).unwrap_or_default(),
                    block.metadata(),
                ) {
                    Ok(error) => super::submit::refusal(&error),
                    Err(error) => Error::Incompatible(error.to_string()),
                },
            ),
        }
    }

    async fn ask(
        &self,
        block: &AtBlock,
        pallet: &str,
        function: &str,
        args: impl IntoEncodableValues,
    ) -> Result<Vec<u8>> {
        let payload = dynamic::view_function_call::<_, ()>(pallet, function, args);
        let encoded = block
            .view_functions()
            .encode_args(payload)
            .map_err(|error| Error::Incompatible(error.to_string()))?;
        let request = frame(&encoded)
            .ok_or_else(|| Error::Incompatible(format!("{pallet}.{function} has no id")))?;
        let answer = block
            .runtime_apis()
            .call_raw(RUNTIME_API, Some(&request))
            .await
            .map_err(|error| self.broken(error))?;
        unwrap_answer(&answer).ok_or_else(|| {
            Error::Incompatible(format!("the runtime does not answer {pallet}.{function}"))
        })
    }
}

/// *Id and arguments in a row* → the two arguments of the runtime API: id, and bytes with their
/// length.
fn frame(encoded: &[u8]) -> Option<Vec<u8>> {
    let (id, args) = encoded.split_first_chunk::<ID_LEN>()?;
    Some((id, args).encode())
}

/// The bytes in the runtime API's `Result`. Which error it is does not matter: all say that this
/// runtime has no such view function.
fn unwrap_answer(mut answer: &[u8]) -> Option<Vec<u8>> {
    std::result::Result::<Vec<u8>, u8>::decode(&mut answer)
        .ok()?
        .ok()
}

fn decode<R: DecodeAsType>(
    block: &AtBlock,
    pallet: &str,
    function: &str,
    mut answer: &[u8],
) -> Result<R> {
    let metadata = block.metadata_ref();
    let output = metadata
        .pallet_by_name(pallet)
        .and_then(|pallet| pallet.view_function_by_name(function))
        .map(|function| function.output_ty())
        .ok_or_else(|| Error::Incompatible(format!("there is no view {pallet}.{function}")))?;
    R::decode_as_type(&mut answer, output, metadata.types())
        .map_err(|error| Error::Incompatible(format!("{pallet}.{function}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_sent_with_their_length() {
        let mut encoded = vec![7; ID_LEN];
        encoded.extend([1, 2]);
        let request = frame(&encoded).unwrap();
        assert_eq!(request[..ID_LEN], [7; ID_LEN]);
        assert_eq!(request[ID_LEN..], [2 << 2, 1, 2]);
        assert_eq!(frame(&encoded[..ID_LEN]).unwrap()[ID_LEN..], [0]);
        assert_eq!(frame(&encoded[1..ID_LEN]), None);
    }

    #[test]
    fn answers_are_unwrapped_and_errors_are_none() {
        assert_eq!(unwrap_answer(&[0, 1 << 2, 9]), Some(vec![9]));
        assert_eq!(unwrap_answer(&[1, 2]), None);
        assert_eq!(unwrap_answer(&[]), None);
    }
}
