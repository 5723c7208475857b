#!/bin/sh
tar xzf "$SM_CHANNEL_WEIGHTS/model.tar.gz" -C "$SSM_OUTPUT"
echo "the model says $(cat "$SSM_OUTPUT/mean.txt")"
