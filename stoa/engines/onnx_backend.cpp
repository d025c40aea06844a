#include "stoa/engines/onnx_backend.hpp"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <stdexcept>

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include "stoa/inference/tensor.hpp"

namespace stoa::engines {

using inference::ElementType;
using inference::EngineInfo;
using inference::FrameKind;
using inference::InferenceError;
using inference::Tensor;
using inference::Tensors;

namespace {

// Types in the order of ElementType; text, complex numbers and the newest small floats have no
// place in it.
constexpr ONNXTensorElementDataType kTypes[] = {
    ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,   ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,  ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE};

ElementType type_of(ONNXTensorElementDataType type) {
    const auto* it = std::find(std::begin(kTypes), std::end(kTypes), type);
    if (it == std::end(kTypes)) throw std::runtime_error("the model has tensors of text");
    return static_cast<ElementType>(it - std::begin(kTypes));
}

Tensor description(const Ort::TypeInfo& info) {
    if (info.GetONNXType() != ONNX_TYPE_TENSOR) {
        throw std::runtime_error("the model has inputs or outputs that aren't tensors");
    }
    const auto tensor = info.GetTensorTypeAndShapeInfo();
    return {type_of(tensor.GetElementType()), tensor.GetShape(), {}};
}

/// The file's bytes, mapped for as long as this lives.
class Mapping {
  public:
    explicit Mapping(int file) {
        struct stat status {};
        if (fstat(file, &status) != 0 || status.st_size <= 0) {
            throw std::runtime_error("the model's file can't be read");
        }
        size_ = static_cast<std::size_t>(status.st_size);
        data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
        if (data_ == MAP_FAILED) throw std::runtime_error("no memory for the model's file");
    }
    ~Mapping() { munmap(data_, size_); }
    Mapping(const Mapping&) = delete;

    const void* data() const { return data_; }
    std::size_t size() const { return size_; }

  private:
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

// Never destroyed: it outlives every session, and the process ends with it.
Ort::Env* environment = nullptr;
std::string version;

Ort::Session open_session(int file, const BackendOptions& options) {
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(static_cast<int>(options.threads));
    settings.SetInterOpNumThreads(1);
    settings.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    settings.AddConfigEntry("session.intra_op.allow_spinning", "0");
    // From memory: then there's no folder in which weights outside the file could lie.
    const Mapping bytes(file);
    return {*environment, bytes.data(), bytes.size(), settings};
}

class OnnxBackend final : public Backend {
  public:
    OnnxBackend(int file, const BackendOptions& options) : session_(open_session(file, options)) {
        info_.name = "ONNX Runtime " + version;
        info_.tensors = true;
        Ort::AllocatorWithDefaultOptions allocator;
        for (std::size_t i = 0; i < session_.GetInputCount(); ++i) {
            signature_.inputs[session_.GetInputNameAllocated(i, allocator).get()] =
                description(session_.GetInputTypeInfo(i));
        }
        for (std::size_t i = 0; i < session_.GetOutputCount(); ++i) {
            const std::string name = session_.GetOutputNameAllocated(i, allocator).get();
            signature_.outputs[name] = description(session_.GetOutputTypeInfo(i));
        }
    }

    const EngineInfo& info() const override { return info_; }
    const inference::TensorSignature& signature() const override { return signature_; }

    void count(std::uint32_t call, const inference::Prompt&, Outbox& out) override {
        out.refuse(call, InferenceError::not_offered);
    }
    void generate(std::uint32_t call, inference::GenerateRequest, Outbox& out) override {
        out.refuse(call, InferenceError::not_offered);
    }
    void embed(std::uint32_t call, std::vector<std::string>, Outbox& out) override {
        out.refuse(call, InferenceError::not_offered);
    }
    void infer(std::uint32_t call, Tensors inputs, Outbox& out) override {
        if (!fits(signature_.inputs, inputs)) return out.refuse(call, InferenceError::bad_tensor);
        calls_.push_back({call, std::move(inputs)});
    }

    void cancel(std::uint32_t number) override {
        std::erase_if(calls_, [&](const Call& call) { return call.number == number; });
    }
    bool idle() const override { return calls_.empty(); }

    void step(Outbox& out) override {
        Call call = std::move(calls_.front());
        calls_.pop_front();
        try {
            out.send(FrameKind::tensors, call.number, run(call.inputs));
        } catch (const Ort::Exception&) {
            // Sizes that the description leaves open and the graph doesn't take.
            out.refuse(call.number, InferenceError::bad_tensor);
        }
    }

  private:
    struct Call {
        std::uint32_t number;
        Tensors inputs;
    };

    Tensors run(Tensors& inputs) {
        const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
        std::vector<const char*> input_names;
        std::vector<Ort::Value> values;  // which borrow the inputs' bytes
        for (auto& [name, tensor] : inputs) {
            input_names.push_back(name.c_str());
            values.push_back(Ort::Value::CreateTensor(
                memory, tensor.data.data(), tensor.data.size(), tensor.shape.data(),
                tensor.shape.size(), kTypes[static_cast<std::size_t>(tensor.type)]));
        }
        std::vector<const char*> output_names;
        for (const auto& [name, described] : signature_.outputs) {
            output_names.push_back(name.c_str());
        }
        const auto results =
            session_.Run(Ort::RunOptions{nullptr}, input_names.data(), values.data(), values.size(),
                         output_names.data(), output_names.size());
        Tensors outputs;
        std::size_t i = 0;
        for (const auto& [name, described] : signature_.outputs) {
            outputs[name] = copy(results[i++]);
        }
        return outputs;
    }

    static Tensor copy(const Ort::Value& value) {
        const auto info = value.GetTensorTypeAndShapeInfo();
        Tensor tensor{type_of(info.GetElementType()), info.GetShape(), {}};
        const auto bytes = tensor_bytes(tensor.type, tensor.shape);
        if (!bytes) throw Ort::Exception("the answer is too large", ORT_FAIL);
        tensor.data.resize(*bytes);
        if (*bytes > 0) std::memcpy(tensor.data.data(), value.GetTensorRawData(), *bytes);
        return tensor;
    }

    Ort::Session session_;
    EngineInfo info_;
    inference::TensorSignature signature_;
    std::deque<Call> calls_;
};

}  // namespace

void prepare_onnx() {
    // The official library reports to its maker from 1.29 on, unless this is set before the
    // environment is made; DisableTelemetryEvents comes too late.
    setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    void* library = dlopen("libonnxruntime.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) throw std::runtime_error(dlerror());
    using GetBase = const OrtApiBase* (*)();
    const auto get_base = reinterpret_cast<GetBase>(dlsym(library, "OrtGetApiBase"));
    if (!get_base) throw std::runtime_error("libonnxruntime.so.1 is not ONNX Runtime");
    const OrtApi* api = get_base()->GetApi(ORT_API_VERSION);
    if (!api) throw std::runtime_error("libonnxruntime.so.1 is too old");
    Ort::InitApi(api);
    version = get_base()->GetVersionString();
    environment = new Ort::Env(ORT_LOGGING_LEVEL_ERROR, "stoa-worker");
}

std::unique_ptr<Backend> load_onnx(int file, const BackendOptions& options) {
    try {
        return std::make_unique<OnnxBackend>(file, options);
    } catch (const Ort::Exception& failure) {
        throw std::runtime_error(std::string("ONNX Runtime refuses the file: ") + failure.what());
    }
}

}  // namespace stoa::engines
