// What a worker says, which may have been taken over by the model that it runs.
#include "stoa/inference/protocol.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {
namespace {

template <class Message>
void read(Bytes body) {
    try {
        (void)inference::decode<Message>(body);
    } catch (const inference::ProtocolError&) {
        return;
    }
}

}  // namespace

void run(Bytes input) {
    using namespace inference;
    if (input.size() < kFrameHeaderBytes) return;
    try {
        (void)parse_frame_header(input.first(kFrameHeaderBytes));
    } catch (const ProtocolError&) {
        return;
    }
    const Bytes body = input.subspan(kFrameHeaderBytes);
    read<ReadyMessage>(body);
    read<FailedMessage>(body);
    read<RefusedMessage>(body);
    read<CountedMessage>(body);
    read<PromptMessage>(body);
    read<Piece>(body);
    read<Outcome>(body);
    read<Embeddings>(body);
    read<Tensors>(body);
    read<GenerateRequest>(body);
}

}  // namespace stoa::fuzz
