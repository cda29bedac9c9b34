<?php // 3
