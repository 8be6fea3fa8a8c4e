"""The denoiser and the text encoder of the embedded model, at the sizes that are trained."""

from diffusers import WanTransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

from autoencoder import CHANNELS
from vocabulary import ROWS

TEXT_WIDTH = 64
TEXT_LAYERS = 2
HEADS, HEAD_WIDTH, LAYERS = 4, 48, 5


def new_denoiser():
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_WIDTH,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        text_dim=TEXT_WIDTH,
        freq_dim=128,
        ffn_dim=512,
        num_layers=LAYERS,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=64,
    )


def new_text_encoder(words=len(ROWS)):
    return UMT5EncoderModel(
        UMT5Config(
            vocab_size=words,
            d_model=TEXT_WIDTH,
            d_kv=16,
            d_ff=128,
            num_layers=TEXT_LAYERS,
            num_heads=4,
            relative_attention_num_buckets=32,
            relative_attention_max_distance=32,
            dropout_rate=0.0,
            feed_forward_proj="gated-gelu",
            pad_token_id=0,
            eos_token_id=1,
        )
    )
