#include "stoa/engines/llama_backend.hpp"

#include <dlfcn.h>
#include <llama-cpp.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "stoa/engines/llama_embedder.hpp"
#include "stoa/engines/llama_generator.hpp"
#include "stoa/engines/llama_text.hpp"

namespace stoa::engines {

namespace {

void print_errors(ggml_log_level level, const char* text, void*) {
    if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
}

llama_model_ptr load_model(int descriptor) {
    std::FILE* file = fdopen(dup(descriptor), "rb");
    if (!file) throw std::runtime_error("the model's file isn't open");
    llama_model_params params = llama_model_default_params();
    params.n_gpu_layers = 0;
    params.check_tensors = true;
    llama_model_ptr model(llama_model_load_from_file_ptr(file, params));
    std::fclose(file);
    if (!model) throw std::runtime_error("llama.cpp refuses the file");
    if (!llama_model_has_decoder(model.get()) || llama_model_has_encoder(model.get())) {
        throw std::runtime_error("models with an encoder and a decoder aren't served");
    }
    return model;
}

}  // namespace

void prepare_llama() {
    llama_log_set(print_errors, nullptr);
    Dl_info where{};
    if (!dladdr(reinterpret_cast<void*>(&llama_model_load_from_file_ptr), &where)) {
        throw std::runtime_error("can't tell where llama.cpp was loaded from");
    }
    const std::string path = where.dli_fname;
    ggml_backend_load_all_from_path(path.substr(0, path.rfind('/')).c_str());
    llama_backend_init();
}

std::unique_ptr<Backend> load_llama(int file, const BackendOptions& options) {
    llama_model_ptr model = load_model(file);
    if (auto embedder = make_embedder(model, options)) return embedder;
    return make_generator(std::move(model), options);
}

}  // namespace stoa::engines
