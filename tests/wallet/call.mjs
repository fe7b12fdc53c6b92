// Calls a function of the network with polkadot.js, as a wallet does: asks for the price, signs the
// request, waits for the result. Prints what it saw as one line of JSON.
//
//     npm ci
//     node call.mjs ws://127.0.0.1:9944 FUNCTION INPUT
//
// FUNCTION is the id of a published function, INPUT a text of at most 4 KiB. The caller is //Charlie, a
// key that everybody knows: it has money on development chains only. A wallet signs with its own.

import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

const [url, functionId, input] = process.argv.slice(2);
if (input === undefined) {
  console.error('usage: node call.mjs URL FUNCTION INPUT');
  process.exit(2);
}

const api = await ApiPromise.create({
  provider: new WsProvider(url),
  throwOnConnect: true,
  // Concerns the reports of providers. In what a wallet signs it is empty.
  signedExtensions: { AuthorizeCall: { extrinsic: {}, payload: {} } },
  // polkadot.js lists the RPC methods that it has no names for. Nothing here needs them.
  noInitWarn: true,
});

/**
 * The answer of a pallet's view function, on the state at a block.
 *
 * polkadot.js has no names for view functions yet. The metadata (from version 16 on) says each one's id,
 * the types of its arguments and of its answer; one runtime API answers them all.
 */
async function view(blockHash, pallet, name, ...args) {
  const { viewFunctions } = api.runtimeMetadata.asV16.pallets.find((one) => one.name.eq(pallet));
  const { id, inputs, output } = viewFunctions.find((one) => one.name.eq(name));
  const create = (type, value) => api.createType(api.registry.createLookupType(type), value);
  const encoded = Buffer.concat(inputs.map(({ type }, at) => create(type, args[at]).toU8a()));
  const { call } = await api.at(blockHash);
  const answer = await call.runtimeViewFunction.executeViewFunction(id, `0x${encoded.toString('hex')}`);
  if (answer.isErr) throw new Error(`${pallet}.${name}: ${answer.asErr.type}`);
  return create(output, answer.asOk.toU8a(true));
}

/** What the chain calls an error. */
function nameOf(error) {
  if (!error.isModule) return error.type;
  const { section, name } = api.registry.findMetaError(error.asModule);
  return `${section}.${name}`;
}

/** Signs and sends; resolves with the block and the events once the transaction stands in one. */
function send(transaction, signer) {
  return new Promise((resolve, reject) => {
    transaction
      .signAndSend(signer, ({ status, events, dispatchError, isError }) => {
        if (dispatchError) {
          reject(new Error(`the chain refused: ${nameOf(dispatchError)}`));
        } else if (status.isInBlock) {
          resolve({ block: status.asInBlock, events });
        } else if (isError) {
          reject(new Error(`the transaction was not accepted: ${status.type}`));
        }
      })
      .catch(reject);
  });
}

/** Waits until a call has ended; resolves with the block at which it had, and its record. */
async function end(invocation, digest) {
  let stop;
  try {
    return await new Promise((resolve, reject) => {
      // A new block is a reason to look. What counts is the state, so it does not matter if some
      // blocks go unnoticed.
      const look = async ({ hash }) => {
        const record = (await view(hash, 'Invocations', 'invocation', invocation)).unwrapOr(null);
        // After a re-organisation the number may name another call. The digest never does.
        if (record?.digest.eq(digest) && (record.status.isSettled || record.status.isRefunded)) {
          resolve({ block: hash, record });
        }
      };
      api.rpc.chain
        .subscribeNewHeads((head) => look(head).catch(reject))
        .then((unsubscribe) => (stop = unsubscribe))
        .catch(reject);
    });
  } finally {
    stop?.();
  }
}

const caller = new Keyring({ type: 'sr25519' }).addFromUri('//Charlie');
const selector = { Alias: 'latest' };

// The price is exact: what is not charged of it is given back.
const priced = await api.rpc.chain.getBlockHash();
const quoted = await view(priced, 'Billing', 'quote', functionId, selector);
if (quoted.isErr) throw new Error(`there is no price: ${nameOf(quoted.asErr)}`);
const quote = quoted.asOk;
const price = quote.developerFee.add(quote.executionPrice).add(quote.networkFee);

const inline = { Inline: `0x${Buffer.from(input).toString('hex')}` };
const request = api.tx.invocations.request(functionId, selector, '/', inline, price);
const { partialFee: fee } = await request.paymentInfo(caller);
const { block: requested, events } = await send(request, caller);
const { invocation, digest } = events.find(({ event }) => api.events.invocations.Requested.is(event)).event.data;

const { block: ended, record } = await end(invocation, digest);
const output = (await view(ended, 'Invocations', 'output', invocation)).unwrapOr(null);

console.log(
  JSON.stringify({
    caller: caller.address,
    priced,
    quote: Object.fromEntries([...quote].map(([part, amount]) => [part, amount.toString()])),
    fee: fee.toString(),
    requested,
    invocation: invocation.toString(),
    digest,
    ended,
    status: record.status,
    output: output?.isInline ? output.asInline.toUtf8() : output,
  }),
);
await api.disconnect();
